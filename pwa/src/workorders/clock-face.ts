/* A clock of the letter as it is drawn: state, how far, how much is left. Pure; `now` is given. DESIGN.md "Clock states". */
import type { Clock } from '@/app/records'

export type FaceState = 'run' | 'near' | 'missed' | 'met' | 'late' | 'paused' | 'excused' | 'stopped' | 'idle'

export interface ClockFace {
  state: FaceState
  /** 0..1 of the scale's length: where the needle stands */
  share: number
  /** 0..1: where the due mark stands; 1 unless missed or late */
  due_share: number
  divisions: number
  /** milliseconds left (run, near), over (missed, late), taken (met), paused (paused), else 0 */
  ms: number
  starts_ms: number | null
  due_ms: number | null
  met_ms: number | null
}

const MINUTE = 60_000
const NEAR_LEAST = 5 * MINUTE
const NEAR_MOST = 120 * MINUTE
const PAST_DUE_SHARE = 0.8
const UNITS_MIN = [5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10080]

export function clockFace(clock: Partial<Clock>, now: number): ClockFace {
  const starts = instantOf(clock.starts)
  const due = instantOf(clock.due)
  const met = instantOf(clock.met_at)
  const common = { divisions: divisionsOf(starts, due), starts_ms: starts, due_ms: due, met_ms: met, due_share: 1 }
  if (starts === null || due === null) return { ...common, state: 'idle', share: 0, ms: 0 }
  const term = Math.max(due - starts, 1)
  const isOver = (met ?? now) > due
  if (clock.state === 'excused' || (clock.excused_by && isOver)) return { ...common, ...past(Math.max(met ?? now, due) - starts, term), state: 'excused', ms: 0 }
  if (met !== null) {
    const taken = Math.max(0, met - starts)
    if (met <= due) return { ...common, state: 'met', share: Math.min(1, taken / term), ms: taken }
    return { ...common, ...past(met - starts, term), state: 'late', ms: met - due }
  }
  if (clock.state === 'paused') return { ...common, state: 'paused', share: within((now - starts) / term), ms: (clock.paused_s ?? 0) * 1000 }
  if (clock.state === 'idle') return { ...common, state: 'stopped', share: 0, ms: 0 }
  if (now < starts) return { ...common, state: 'idle', share: 0, ms: 0 }
  if (now > due) return { ...common, ...past(now - starts, term), state: 'missed', ms: now - due }
  const left = due - now
  return { ...common, state: left <= nearOf(term) ? 'near' : 'run', share: within((now - starts) / term), ms: left }
}

/** How long the letter gives, 0 for at once; null where it counts in working hours, which from start to due say nothing of. */
export function givenMs(clock: Partial<Clock>): number | null {
  if (clock.is_at_once) return 0
  const starts = instantOf(clock.starts)
  const due = instantOf(clock.due)
  return starts === null || due === null || (clock.calendar ?? '24x7') !== '24x7' ? null : due - starts
}

/** Amber from a fifth of the term on, at least 5 minutes, at most 2 hours. */
function nearOf(term: number): number {
  return Math.min(Math.max(term * 0.2, NEAR_LEAST), NEAR_MOST)
}

/** Past due the scale goes on: the due mark moves left, at most to four fifths while the needle is at the end. */
function past(elapsed: number, term: number): { share: number; due_share: number } {
  const due_share = Math.max(0.1, Math.min(PAST_DUE_SHARE, term / elapsed))
  return { share: Math.min(1, Math.max(due_share + 0.04, elapsed / Math.max(elapsed, term / PAST_DUE_SHARE))), due_share }
}

/** Two to eight divisions of a length people think in. */
function divisionsOf(starts: number | null, due: number | null): number {
  if (starts === null || due === null) return 4
  const minutes = (due - starts) / MINUTE
  if (minutes % 60 === 0 && minutes >= 120 && minutes <= 480) return minutes / 60
  const unit = UNITS_MIN.find((one) => minutes / one <= 8)
  if (!unit) return 8
  return Math.max(2, Math.round(minutes / unit))
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share))
}

function instantOf(value: string | null | undefined): number | null {
  if (!value) return null
  const ms = Date.parse(value)
  return Number.isFinite(ms) ? ms : null
}

const ORDER = ['arrive', 'resolve', 'respond', 'dispatch', 'report']

/** Still to be met: neither met nor stopped, and nobody has excused it. */
function isOpen(clock: Partial<Clock>): boolean {
  return !!clock.due && !clock.met_at && clock.state !== 'idle' && !clock.excused_by
}

/** The clock to show when there is room for one: the earliest that still runs and is the engineer's to meet. */
export function governing<T extends Partial<Clock>>(clocks: readonly T[], hasArrived: boolean): T | null {
  const open = clocks.filter((clock) => isOpen(clock) && clock.name !== 'report' && clock.name !== 'dispatch')
  const mine = open.filter((clock) => !(hasArrived && clock.name === 'arrive') && clock.name !== 'respond')
  const sorted = (mine.length > 0 ? mine : []).sort(
    (a, b) => Date.parse(a.due!) - Date.parse(b.due!) || ORDER.indexOf(a.name!) - ORDER.indexOf(b.name!),
  )
  return sorted[0] ?? null
}

/** The four lines of a visit: per name the earliest due, in the order they fall due in life. */
export function linesOf(clocks: readonly Partial<Clock>[]): Partial<Clock>[] {
  const lines = ['respond', 'arrive', 'resolve', 'report'].flatMap((name) => {
    const named = clocks.filter((clock) => clock.name === name)
    named.sort((a, b) => (Date.parse(a.due ?? '') || Infinity) - (Date.parse(b.due ?? '') || Infinity))
    return named.slice(0, 1)
  })
  return lines
}

/** The earliest instant at which an open clock falls due, in milliseconds; null when none runs. */
export function earliestDue(clocks: readonly Partial<Clock>[]): number | null {
  const open = clocks.filter(isOpen).map(({ due }) => Date.parse(due ?? ''))
  const first = Math.min(...open.filter(Number.isFinite))
  return Number.isFinite(first) ? first : null
}
