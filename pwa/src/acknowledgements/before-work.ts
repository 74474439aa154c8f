/* What the customer must be told before work begins, and what she said to it. Which gates stand is the server's decision,
   carried by the work order: as decided, and as it would be were the cause damage by the user. Pure. */
import type { Acknowledgement, AcknowledgementAbout, Gate, WorkOrder } from '@/app/records'

const ABOUT: Record<string, AcknowledgementAbout> = {
  user_damage_notice: 'user_damage_notice', fee_acceptance: 'fee', backup_notice: 'backup_notice',
}

export interface Need {
  about: AcknowledgementAbout
  clause: string
  /** The customer's last answer that opened nothing: declined, absent, refused; null while nobody asked her. */
  answer: Acknowledgement | null
}

export interface Told {
  order: Pick<WorkOrder, 'gates' | 'entitlement'>
  findings: readonly { cause_category: string | null }[]
  acknowledgements: readonly Acknowledgement[]
}

export function needsOf({ order, findings, acknowledgements }: Told): Need[] {
  const gates = isDamaged(findings) ? withDamage(order) : order.gates
  const accepted = new Set(acknowledgements.filter((one) => one.answer === 'accepted').map((one) => one.about))
  const open = gates.filter((gate) => gate.before === 'work' && !gate.holds && ABOUT[gate.gate] && !accepted.has(ABOUT[gate.gate]!))
  // damage by the user tells the price itself
  const tellsPrice = accepted.has('user_damage_notice') || gates.some((gate) => gate.gate === 'user_damage_notice')
  return Object.entries(ABOUT).flatMap(([name, about]) => {
    const gate = open.find((one) => one.gate === name)
    if (!gate || (about === 'fee' && tellsPrice)) return []
    return [{ about, clause: gate.clause, answer: acknowledgements.findLast((one) => one.about === about) ?? null }]
  })
}

/** Those nobody has asked the customer about yet: they are the next step. */
export function unasked(told: Told): Need[] {
  return needsOf(told).filter((need) => need.answer === null)
}

export function isDamaged(findings: readonly { cause_category: string | null }[]): boolean {
  return findings.some((finding) => finding.cause_category === 'user_damage')
}

/** The server may not know the cause yet: what it said would hold then is added. */
function withDamage(order: Pick<WorkOrder, 'gates' | 'entitlement'>): Gate[] {
  const known = new Set(order.gates.map((gate) => gate.gate))
  return [...order.gates, ...(order.entitlement.if_user_damage?.gates ?? []).filter((gate) => !known.has(gate.gate))]
}

/** Charges, reasons and prices as they hold for what was found on site. */
export function decidedFor({ order, findings }: { order: Pick<WorkOrder, 'entitlement' | 'quote'>; findings: Told['findings'] }) {
  const damage = isDamaged(findings) ? order.entitlement.if_user_damage : null
  return {
    status: damage?.status ?? order.entitlement.status ?? null,
    charges: damage?.charges ?? order.entitlement.charges ?? {},
    reasons: damage?.reasons ?? order.entitlement.reasons ?? [],
    quote: damage ? (damage.quote ?? null) : (order.quote ?? null),
  }
}
