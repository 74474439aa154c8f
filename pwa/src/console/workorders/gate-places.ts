/* Where the office mends a step that is still missing: a record of its own, or a part of the work order's page. Pure. */
import type { RouteLocationRaw } from 'vue-router'
import type { Schema } from '@/api/client'

type Place = { to: RouteLocationRaw; part?: never } | { part: string; to?: never }

/** The parts of the page, by their ids (WorkOrderShow). What the customer is told before work is told on the phone. */
const PARTS: Record<string, string> = {
  onsite_required: 'visits', phone_reason: 'visits', customer_acceptance: 'log-add', fault_report: 'reports', cause_and_fix: 'reports',
}

export function placeOf(gate: Pick<Schema<'GateOut'>, 'gate' | 'link'>): Place | null {
  if (gate.link?.kind === 'report') return { to: { path: '/reports', query: { id: gate.link.id } } }
  if (gate.link?.kind === 'work_order' && gate.gate === 'quote_above_ceiling') return { to: { path: `/work-orders/${gate.link.id}`, query: { edit: 'upgrade_quote' } } }
  const part = PARTS[gate.gate]
  return part ? { part } : null
}
