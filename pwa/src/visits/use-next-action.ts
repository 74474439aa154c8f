/* The one button of a visit: its verb, its picture, and what a tap does. The same on Today and on the visit itself. */
import { missingOf } from '@/reports/rules/complete'
import { unasked } from '@/acknowledgements/before-work'
import { startReport } from '@/reports/actions'
import type { IconName } from '@/ui/icons'
import { useOnward } from '@/ui/late'
import { accept, check, depart, sitePoint } from './actions'
import type { Step } from './next-step'
import { reportFactsOf } from './use-standing'
import type { VisitSheet } from './use-visit'

export interface NextAction {
  key: string
  icon: IconName
}

export function actionOf(step: Step, sheet: VisitSheet): NextAction | null {
  switch (step) {
    case 'accept':
      return { key: 'action.accept', icon: 'check' }
    case 'depart':
      return { key: 'action.depart', icon: 'route' }
    case 'check_in':
      return { key: 'action.check_in', icon: 'pin' }
    case 'work':
      if (mustTell(sheet)) return { key: 'action.tell', icon: 'pen' }
      return { key: sheet.report ? 'action.go_on' : 'action.work', icon: 'wrench' }
    case 'sign':
      return { key: 'action.sign', icon: 'pen' }
    case 'check_out':
      return { key: 'action.check_out', icon: 'offsite' }
    default:
      return null
  }
}

/** Work has not begun and there is something the customer was not asked about yet. She may begin all the same. */
export function mustTell(sheet: VisitSheet): boolean {
  return sheet.report === null && unasked(sheet).length > 0
}

export function useNextAction() {
  const onward = useOnward()

  /** What the tap does; the time of a check-in is taken before anything else happens. */
  async function act(step: Step, sheet: VisitSheet): Promise<void> {
    const id = sheet.visit.id
    const goOn = onward()
    switch (step) {
      case 'accept':
        await accept(id)
        return
      case 'depart':
        await depart(id)
        return
      case 'check_in':
        await checkInNow(sheet)
        return
      case 'work':
        if (mustTell(sheet)) await goOn(`/visits/${id}/acknowledge/work`)
        else await begin(sheet)
        return
      case 'sign':
        await openSigning(sheet)
        return
      case 'check_out':
        await goOn(`/visits/${id}/check-out`)
    }
  }

  async function begin(sheet: VisitSheet): Promise<void> {
    const goOn = onward()
    await startReport(sheet)
    await goOn(`/visits/${sheet.visit.id}/report`)
  }

  async function checkInNow(sheet: VisitSheet): Promise<void> {
    const goOn = onward()
    await check({ visitId: sheet.visit.id, direction: 'in', site: sitePoint(sheet.site) })
    await goOn(`/visits/${sheet.visit.id}/check-in`)
  }

  async function openSigning(sheet: VisitSheet): Promise<void> {
    const isReady = missingOf(reportFactsOf(sheet), 'sign').length === 0
    await onward()(isReady ? `/visits/${sheet.visit.id}/sign` : `/visits/${sheet.visit.id}/report`)
  }

  return { act, begin, checkInNow }
}
