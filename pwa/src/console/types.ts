/* The shapes that screens read, as the API answers them. */

export interface Both {
  zh: string
  en: string
}
export type ClockName = 'dispatch' | 'respond' | 'arrive' | 'resolve' | 'report'
export type ClockState = 'running' | 'near' | 'met' | 'missed' | 'paused' | 'idle' | 'excused'
export interface Clock {
  name: ClockName
  letter: string
  clause: string
  starts: string | null
  target: string | null
  due: string | null
  calendar: string
  state: ClockState
  met_at: string | null
  excuse?: string
  governs?: boolean
}
export interface Reason {
  letter: string
  clause: string
  text: Both
}
export interface Entitlement {
  status: 'covered' | 'at_cost' | 'chargeable' | 'undecided' | 'suspended'
  warranty_end: string | null
  warranty_end_provisional: boolean
  charges: Record<'labour' | 'parts' | 'call_out' | 'travel', 'free' | 'cost' | 'market' | 'fee' | null>
  remedies: string[]
  refund: string | null
  upgrade_ceiling: string | null
  reasons: Reason[]
}
export interface Gate {
  gate: string
  before: 'dispatch' | 'work' | 'close'
  clause: string
}
export interface Owed {
  what: string
  clause: string
  due: string | null
}
export interface Decision {
  clocks: Clock[]
  entitlement: Entitlement
  gates: Gate[]
  owed: Owed[]
  missing: string[]
}
export interface Found {
  kind: 'customer' | 'site' | 'contact' | 'asset' | 'work_order' | 'report'
  id: string
  title: string
  subtitle: string
  customer_id: string | null
  site_id: string | null
}
export interface Letter {
  ref: string
  letter: string
  version: number
  title: Both
  clauses: { id: string; article: string; quote: string; text: Both }[]
  contacts: Record<string, unknown>[]
}
export interface Person {
  id: string
  name: string
  role: string
  phone: string
  disabled_at: string | null
}
