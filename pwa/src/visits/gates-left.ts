/* What the letter still wants before the work order may close, as this phone knows it when she leaves. Pure. */
import { needsOf } from '@/acknowledgements/before-work'
import type { BothLanguages } from '@/app/records'
import type { VisitSheet } from './use-visit'

export interface GateLeft {
  gate: string
  clause: string
  /** Key of its words. */
  word: string
  /** What the clause says. */
  text: BothLanguages | null
  /** Where she can mend it; null when it is not hers. */
  to: string | null
}

const HANDED_IN = ['submitted', 'approved']

/** `isWhole`: the report lacks nothing but perhaps the signature, so it is handed in when she leaves. */
export function gatesLeft(sheet: VisitSheet, isWhole: boolean): GateLeft[] {
  const { order, report, visit } = sheet
  const handsIn = report !== null && (isWhole || HANDED_IN.includes(report.state))
  const isAccepted = sheet.signatures.some((one) => one.id === report?.signature_id && one.result.startsWith('accepted'))
  const here: Record<string, { holds: boolean; to: string | null }> = {
    customer_acceptance: { holds: isAccepted, to: `/visits/${visit.id}/${isWhole ? 'sign' : 'report'}` },
    fault_report: { holds: handsIn, to: `/visits/${visit.id}/report` },
    cause_and_fix: { holds: handsIn && isWhole, to: `/visits/${visit.id}/report` },
    training_signoff: { holds: false, to: null },
  }
  const clauses = new Map(sheet.letters.flatMap((letter) => letter.clauses).map((clause) => [clause.id, clause.text]))
  const textOf = (clause: string) => clauses.get(clause) ?? null
  const before = needsOf(sheet).map((need) => ({
    gate: need.about, clause: need.clause, word: `before.about.${need.about}`, text: textOf(need.clause), to: `/visits/${visit.id}/acknowledge/work`,
  }))
  const close = order.gates.filter((gate) => gate.before === 'close' && !gate.holds && here[gate.gate] && !here[gate.gate]!.holds)
  return [
    ...before,
    ...close.map((gate) => ({ gate: gate.gate, clause: gate.clause, word: `gate.${gate.gate}`, text: textOf(gate.clause), to: here[gate.gate]!.to })),
  ]
}
