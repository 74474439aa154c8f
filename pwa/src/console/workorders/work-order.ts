/* What the board, the inspector and a work order's page read. */
import type { Clock, Entitlement, Gate, Owed } from '../types'

export interface Board {
  open: number
  missed: number
  near: number
  running: number
  paused: number
  unassigned: number
  needs_person: number
  offline_engineers: number
}
export interface WorkOrderRow {
  id: string
  number: string | null
  short_ref: string | null
  customer_id: string
  customer_name: string
  site_id: string
  site_name: string
  assets: { id: string; label: string }[]
  engineers: { id: string; name: string }[]
  kind: string
  channel: string
  priority: string | null
  symptom: string
  state: string
  reported_at: string
  clocks: Clock[]
}
export interface LogEntry {
  id: string
  what: string
  at: string
  corrected_at: string
  quality: string
  received_at: string
  author_id: string | null
  source: string
  note: string
  visit_id: string | null
  voided_at: string | null
  void_reason: string
}
export interface VisitRow {
  id: string
  state: string
  planned_from: string
  planned_until: string | null
  engineer_ids: string[]
  lead_id: string
  note: string
}
export interface WorkOrderDetail extends WorkOrderRow {
  customer: { id: string; name: string }
  site: { id: string; name: string; address: string; tz: string; notes: string }
  contact: { id: string; name: string; phone: string; title: string } | null
  caller_name: string
  caller_phone: string
  owner_id: string | null
  owner_name: string | null
  letters: string[]
  entitlement: Entitlement
  gates: Gate[]
  owed: Owed[]
  missing: string[]
  people: Record<string, { name: string; phone: string; role: string }>
  log: LogEntry[]
  visits: VisitRow[]
  check_ins: CheckInRow[]
  reports: { id: string; number: string | null; short_ref: string; state: string; version: number; submitted_at: string | null }[]
  conflicts: { id: string; record_kind: string; record_id: string; field: string }[]
}
export interface Verdict {
  verdict: 'on_site' | 'uncertain' | 'off_site' | 'no_fix'
  distance_m: number | null
  accuracy_m: number | null
  radius_m: number | null
  reason: string | null
}
export interface CheckInRow {
  id: string
  direction: 'in' | 'out'
  tapped_at: string
  corrected_at: string
  received_at: string
  engineer_id: string
  phone_verdict: Verdict
  server_verdict: Verdict
  flags: string[]
  reason_code: string | null
  reason_text: string
}
