/* What she does on a visit, as operations. Each resolves when it is on the disk; nothing here waits for the network. */
import { draftOf } from '@/acknowledgements/draft'
import { data, isOpen, type Performing } from '@/app/data'
import type { Clock, Site } from '@/app/records'
import { awaitFix, type Measured, type PositionFault, type Waiting } from '@/device/position'
import { buzz } from '@/device/storage'
import { judgeCheckIn, type SitePoint, type Verdict } from './rules/check-in'

const visit = (id: string) => ({ kind: 'visit', id })

export const see = (id: string) => data().perform({ type: 'visit.seen', record: visit(id) })
export const accept = (id: string) => data().perform({ type: 'visit.accept', record: visit(id) })
export const depart = (id: string) => data().perform({ type: 'visit.depart', record: visit(id) })
export const decline = (id: string, reason: string) =>
  data().perform({ type: 'visit.decline', record: visit(id), args: { reason }, clears: [visit(id)] })

/** A check-in whose fix is still awaited; one at a time, it outlives the screen it was tapped on. */
interface Pending {
  checkInId: string
  waiting: Waiting
}
let pending: Pending | null = null

export interface Tapped {
  visitId: string
  direction: 'in' | 'out'
  site: SitePoint | null
  /** out only: nothing could be done */
  futile?: boolean
  reason_text?: string
  /** operations that go into the same transaction, before the check-out (handing the report in) */
  before?: Performing[]
}

/**
 * Arrival or departure: the time is the tap's, stored at once without a position; the fix follows within 20 s or later.
 * onQuiet is told when 20 s have passed in silence.
 */
export async function check(tapped: Tapped, onQuiet: (fault: PositionFault | null) => void = () => {}): Promise<string> {
  const occurred_at = new Date().toISOString()
  const start = performance.now()
  const checkInId = data().newId()
  const verdict = judgeCheckIn(null, tapped.site)
  await data().performAll([
    ...(tapped.before ?? []),
    {
      type: tapped.direction === 'in' ? 'visit.check_in' : 'visit.check_out',
      record: { kind: 'check_in', id: checkInId },
      occurred_at,
      clears: [visit(tapped.visitId), draftOf(tapped.visitId)], // the reason typed before leaving, prices never told
      args: {
        visit_id: tapped.visitId,
        direction: tapped.direction,
        phone_verdict: { ...verdict },
        ...(tapped.direction === 'out' && tapped.futile ? { futile: true } : {}),
        ...(tapped.reason_text ? { reason_text: tapped.reason_text } : {}),
      },
    },
  ])
  performance.measure('fp:check-in-stored', { start }) // read by make bench
  buzz()
  seekFix(checkInId, tapped, Date.parse(occurred_at), onQuiet)
  return checkInId
}

/** Looks for a position for a check-in that has none yet (again, after "once more"). */
export function seekFix(
  checkInId: string, tapped: Pick<Tapped, 'visitId' | 'site'>, tapped_ms: number, onQuiet: (fault: PositionFault | null) => void,
): void {
  pending?.waiting.stop()
  const local = data()
  const waiting = awaitFix((fix) => isOpen(local) && void addFix(checkInId, tapped, tapped_ms, fix), onQuiet)
  pending = { checkInId, waiting }
}

/** Whether the fix of a check-in is being waited for in this run of the app. */
export function isSeeking(checkInId: string): boolean {
  return pending?.checkInId === checkInId
}

async function addFix(checkInId: string, tapped: Pick<Tapped, 'visitId' | 'site'>, tapped_ms: number, fix: Measured): Promise<void> {
  if (pending?.checkInId === checkInId) pending = null
  const verdict = judge(fix, tapped.site, tapped_ms)
  if (!Number.isSafeInteger(fix.lat_e7) || !Number.isSafeInteger(fix.lng_e7) || !Number.isSafeInteger(fix.accuracy_m)) return
  await data().perform({
    type: 'visit.check_in_fix',
    record: { kind: 'check_in_fix', id: data().newId() },
    args: {
      check_in_id: checkInId,
      visit_id: tapped.visitId,
      lat_e7: fix.lat_e7,
      lng_e7: fix.lng_e7,
      accuracy_m: fix.accuracy_m,
      fix_at: new Date(fix.fix_ms).toISOString(),
      phone_verdict: { ...verdict },
    },
  })
}

function judge(fix: Measured, site: SitePoint | null, tapped_ms: number): Verdict {
  return judgeCheckIn({ ...fix, age_s: Math.round((tapped_ms - fix.fix_ms) / 1000) }, site)
}

/** Why there is no position, or why it is off the site: one line of the log, beside the check-in. */
export function giveReason(checkInId: string, reason_code: string, reason_text: string) {
  return data().perform({
    type: 'visit.check_in_reason',
    record: { kind: 'log_entry', id: data().newId() },
    clears: [{ kind: 'check_in', id: checkInId }],
    args: { check_in_id: checkInId, reason_code, reason_text },
  })
}

/** Why a clock was missed: one line of the log, printed on the report. */
export function giveMissedReason(orderId: string, visitId: string, clock: Partial<Clock>, note: string) {
  return data().perform({
    type: 'log_entry.add',
    record: { kind: 'log_entry', id: data().newId() },
    clears: [visit(visitId)],
    args: { work_order_id: orderId, visit_id: visitId, what: 'missed_reason', note, data: { clock: clock.name ?? '', clause: clock.clause ?? '' } },
  })
}

/** A stand-in machine lent (which, to whom) or taken back. */
export function logLoaner(orderId: string, visitId: string, what: 'loaner_handed_out' | 'loaner_returned', given: { loaner?: string; to?: string }) {
  return data().perform({
    type: 'log_entry.add',
    record: { kind: 'log_entry', id: data().newId() },
    clears: [{ kind: 'log_entry', id: orderId }],
    args: { work_order_id: orderId, visit_id: visitId, what, note: '', data: given },
  })
}

export function sitePoint(site: Pick<Site, 'lat_e7' | 'lng_e7' | 'radius_m'> | null): SitePoint | null {
  return site && { lat_e7: site.lat_e7 ?? null, lng_e7: site.lng_e7 ?? null, radius_m: site.radius_m ?? null }
}
