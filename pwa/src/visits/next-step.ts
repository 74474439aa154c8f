/* Where a visit stands and what she does next: one step, one verb. Pure; used by Today and by every visit screen. */
import { missingOf, type ReportFacts } from '@/reports/rules/complete'
import type { VisitState } from '@/app/records'

export const STEPS = ['accept', 'depart', 'check_in', 'work', 'sign', 'check_out'] as const
export type Step = (typeof STEPS)[number] | 'over'

export interface Standing {
  state: VisitState
  hasCheckedIn: boolean
  hasReport: boolean
  report: ReportFacts
}

/** The next step of a visit. Signing is reached when nothing but the signature is missing. */
export function nextStepOf({ state, hasCheckedIn, hasReport, report }: Standing): Step {
  if (state === 'planned') return 'accept'
  if (state === 'accepted') return 'depart'
  if (state === 'travelling') return 'check_in'
  if (state !== 'on_site') return 'over'
  if (!hasCheckedIn) return 'check_in'
  if (!hasReport || missingOf(report, 'sign').length > 0) return 'work'
  return missingOf(report, 'leave').length > 0 ? 'sign' : 'check_out'
}
