/* The report view as the server assembles it (backend/reports/view.py): `signed` is what the customer read, `added` is ours. */
import type { Both } from '../types'
import type { Verdict } from '../workorders/work-order'

export interface ViewClause {
  clause: string
  article: string | null
  text: Both
}
export interface ViewPart {
  name: string
  part_no: string | null
  quantity: number
  old_serial: string | null
  new_serial: string | null
  origin: string | null
  charge: string | null
  clause: string | null
}
export interface ViewFinding {
  no: number
  asset: { category: string | null; brand: string | null; model: string | null; serial: string | null; place: string | null } | null
  symptom_found: string
  cause_category: string | null
  cause_text: string
  cause_unknown_until: string | null
  fix_category: string | null
  fix_text: string
  outcome: string
  not_fixed_reason: string | null
  next_step: string | null
  parts: ViewPart[]
}
export interface ViewClock {
  name: string
  clause: ViewClause
  starts_at: string | null
  target_at: string | null
  due_at: string | null
  met_at: string | null
  state: 'running' | 'near' | 'missed' | 'met' | 'paused' | 'excused' | 'idle'
  missed_reason: string | null
  excused_reason: string | null
}
export interface ViewCheckIn {
  direction: 'in' | 'out'
  engineer_name: string
  tapped_at: string
  corrected_at: string
  offset_ms: number | null
  quality: string | null
  received_at: string | null
  reason_code: string | null
  reason_text: string | null
  fix: { lat_e7: number; lng_e7: number; accuracy_m: number; age_s: number; bearing_deg: number | null } | null
  phone_verdict: Verdict | null
  server_verdict: Verdict | null
  flags: string[]
}
export interface Strokes {
  width: number
  height: number
  lines: [number, number][][]
}
export interface ReportView {
  tz: string
  signed: {
    document_sha256: string | null
    frozen_at: string | null
    short_ref: string
    work_order_ref: string
    customer_name: string
    site_name: string
    caller_name: string | null
    reported_at: string | null
    sent_for_repair_on: string | null
    repair_count: number | null
    previous_repair_on: string | null
    reported_symptom: string
    handed_over_on: string | null
    engineers: { name: string; staff_no: string | null; is_lead: boolean }[]
    findings: ViewFinding[]
    guidance: string
    charges: { kind: string; charge: string; amount: { amount: string; currency: string } | null; clause: string | null }[]
    photos: { sha256: string; caption: string; taken_at: string; finding_no: number | null }[]
  }
  acceptance: {
    result: string
    remarks: string | null
    reason: string | null
    signer_name: string | null
    signer_title: string | null
    rating: number | null
    signed_at: string
    strokes: Strokes | null
  } | null
  added: {
    number: string | null
    work_order_number: string | null
    version: number
    state: string
    submitted_at: string | null
    approved_at: string | null
    approved_by_name: string | null
    entitlement: { status: string; warranty_end: string | null; reasons: ViewClause[] } | null
    clocks: ViewClock[]
    check_ins: ViewCheckIn[]
    notes: { text: Both; at: string | null }[]
    versions: { version: number; document_sha256: string | null; signed_at: string | null }[]
  }
}
export interface ReturnComment {
  kind: string
  at: string
  author_name: string
  version: number
  field: string | null
  text: string
}
/** What this version says otherwise than the version that was signed before it. */
export interface Change {
  finding: number | null
  field: string
  before: string | null
  after: string | null
}
export interface ReportDetail {
  report: { id: string; work_order_id: string; comments: ReturnComment[] }
  view: ReportView
  evidence: {
    verification: { ok: boolean; is_pending: boolean; reason: string | null; path: string | null; text: Both | null }
    flags: { code: string; text: Both }[]
    changes: { since: number; rows: Change[] } | null
  }
  may: { approve: boolean; return: boolean }
}
export interface ReportRow {
  id: string
  number: string | null
  short_ref: string
  state: string
  version: number
  work_order_id: string
  customer_name: string
  site_name: string
  tz: string
  assets: { id?: string; label?: string }[]
  engineer_name: string
  submitted_at: string | null
  priority: string | null
  flags: string[]
}
