/* Clocks that were missed and nobody has said why: a task for whoever can say it; nobody is stopped by it. For both apps. */
import type { Clock } from '@/app/records'
import { clockFace, linesOf } from './clock-face'

/** A reason as it was logged, perhaps only on this phone so far. */
export interface Said {
  what: string
  voided_at: string | null
  data: Record<string, unknown>
}

/** Of each name the clock that governs, if it is over and without a reason. */
export function withoutReason<C extends Partial<Clock>>(clocks: readonly C[], log: readonly Said[], now: number): C[] {
  const reasons = log.filter((entry) => entry.what === 'missed_reason' && !entry.voided_at)
  return (linesOf(clocks) as C[]).filter((clock) => {
    const { state } = clockFace(clock, now)
    const isSaid = clock.missed_reason || reasons.some(({ data }) => data.clock === clock.name && (!data.clause || data.clause === clock.clause))
    return (state === 'missed' || state === 'late') && !isSaid
  })
}
