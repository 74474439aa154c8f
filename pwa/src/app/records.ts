/* The records a phone holds, as synced (fields without kind, id and rev). Owners per field: backend's field tables.
   Everything may be missing on a row of an older server, so screens read with care; nothing here runs. */
import type { NoticeAbout } from '@/notices/sentence'
import type { Verdict, VerdictName } from '@/visits/rules/check-in'

export interface BothLanguages {
  zh: string
  en: string
}

export interface Customer {
  name: string
  short_name: string
  code: string | null
  notes: string
}

export interface Contact {
  customer_id: string
  site_id: string | null
  name: string
  phone: string
  title: string
  is_main: boolean
}

export interface Site {
  customer_id: string
  name: string
  address: string
  lat_e7: number | null
  lng_e7: number | null
  radius_m: number | null
  tz: string
  notes: string
}

export interface Asset {
  customer_id: string
  site_id: string
  category: string
  brand: string
  model: string
  serial: string
  place: string
  stores_data: boolean | null
  accepted_on: string | null
}

export interface Clock {
  name: 'dispatch' | 'respond' | 'arrive' | 'resolve' | 'report'
  letter: string
  clause: string
  starts: string | null
  target: string | null
  due: string | null
  /** The hours it counts by; `24x7` is elapsed time. */
  calendar?: string
  is_at_once?: boolean
  met_at: string | null
  state: string | null
  paused_s: number | null
  excused_by: string | null
  met_received_at: string | null
  missed_reason: string
  /** When it was due as first told, and what changed that. */
  moved?: { due: string; clause: string; at: string; why: string } | null
}

export interface Entitlement {
  status?: 'covered' | 'at_cost' | 'chargeable' | 'undecided' | 'suspended'
  warranty_end?: string | null
  charges?: Record<string, string | null>
  remedies?: string[]
  refund?: string | null
  reasons?: Reason[]
  /** What would hold were the cause damage by the user; null once it is, and for work that is no repair. */
  if_user_damage?: { status: string; charges: Record<string, string | null>; reasons: Reason[]; gates: Gate[]; quote?: Quote | null } | null
}

export interface Reason {
  letter: string
  clause: string
  text: BothLanguages
}

/** A step that must be on record before work or close; `holds` and `why` as the server last saw it. */
export interface Gate {
  gate: string
  before: string
  clause: string
  holds?: boolean
  why?: Partial<BothLanguages>
}

/** An amount of money (K-9). */
export interface Money {
  amount: string
  currency: string
}

/** One charge with its price; `amount` null: counted when the work is done, or there is no price. */
export interface QuoteLine {
  kind: 'labour' | 'parts' | 'call_out' | 'travel' | 'upgrade'
  charge: 'free' | 'cost' | 'market' | 'fee' | null
  per: 'hour' | 'visit' | 'km' | 'piece' | null
  unit_amount: Money | null
  amount: Money | null
  clause: string | null
  quantity: number | null
  counted?: string | null
  part_no: string | null
  text: BothLanguages | null
}

/** What the decision costs the customer, as the server quotes it; the phone only reads it. */
export interface Quote {
  currency: string
  lines: QuoteLine[]
  total: Money | null
}

export interface WorkOrder {
  number: string | null
  short_ref: string | null
  customer_id: string
  site_id: string
  contact_id: string | null
  asset_ids: string[]
  letters: string[]
  kind: string
  channel: string
  priority: 'critical' | 'important' | 'normal' | null
  symptom: string
  caller_name: string
  caller_phone: string
  reported_at: string
  state: string
  clocks: Partial<Clock>[]
  entitlement: Entitlement
  quote: Quote | null
  gates: Gate[]
  /** Facts that are missing to decide ($.asset.accepted_on), entered by the office. */
  missing?: string[]
  owed: { what: string; clause: string; due: string | null; state?: string }[]
}

export type VisitState =
  | 'planned' | 'accepted' | 'declined' | 'travelling' | 'on_site' | 'done' | 'futile' | 'cancelled' | 'superseded'

export interface Visit {
  work_order_id: string
  state: VisitState
  planned_from: string
  planned_until: string | null
  engineer_ids: string[]
  lead_id: string
  note: string
  seen_by?: string[]
}

export interface StoredFix {
  lat_e7: number
  lng_e7: number
  accuracy_m: number
  fix_at: string
}

export interface CheckIn {
  visit_id: string
  work_order_id: string
  direction: 'in' | 'out'
  tapped_at: string
  corrected_at: string | null
  engineer_id: string
  reason_code: string | null
  reason_text: string
  phone_verdict: Verdict | null
  server_verdict: Verdict | null
  flags: string[]
  fix?: StoredFix | null
}

export interface CheckInFix extends StoredFix {
  check_in_id: string
  visit_id: string
  work_order_id: string
  age_s: number | null
  phone_verdict: Verdict | null
  server_verdict: Verdict | null
}

export interface Report {
  work_order_id: string
  visit_id: string | null
  short_ref: string
  number: string | null
  author_id: string
  language: 'zh' | 'en'
  state: 'draft' | 'submitted' | 'returned' | 'approved' | 'withdrawn'
  version: number
  guidance: string
  sent_for_repair_on: string | null
  repair_count: number | null
  handed_over_on: string | null
  submitted_at: string | null
  returned_comment: string | null
  /** The office's words; field is a path into the report ($.findings[0].cause_text) or null for the whole. */
  comments: { at: string; kind?: string; text: string; field?: string | null }[]
  signature_id: string | null
}

export interface Finding {
  report_id: string
  work_order_id: string
  asset_id: string | null
  symptom_found: string
  cause_category: string | null
  cause_text: string
  cause_unknown_until: string | null
  fix_category: string | null
  fix_text: string
  outcome: string | null
  not_fixed_reason: string
  next_step: string
}

export interface PartLine {
  finding_id: string
  report_id: string
  work_order_id: string
  name: string
  part_no: string
  quantity: number
  old_serial: string
  new_serial: string
  origin: string
  voided_at: string | null
}

export interface Photo {
  work_order_id: string
  visit_id: string | null
  report_id: string | null
  finding_id: string | null
  sha256: string
  size_bytes: number
  content_type: string
  taken_at: string
  caption: string
  voided_at: string | null
}

export type SignatureResult = 'accepted' | 'accepted_with_remarks' | 'rejected' | 'absent' | 'refused'

export interface Signature {
  report_id: string
  visit_id: string | null
  work_order_id: string
  document_sha256: string
  strokes_sha256: string | null
  result: SignatureResult
  remarks: string
  reason: string
  signer_name: string
  signer_title: string
  rating: number | null
  signed_at: string
  photo_id: string | null
}

/** One kind of charge as the customer was told it; `per`: for what one amount is (hour, visit), if not for all. */
export interface ChargeTold {
  kind: string
  charge: string
  per: string | null
  amount: Money | null
  clause: string | null
}

export type AcknowledgementAbout = 'user_damage_notice' | 'backup_notice' | 'fee' | 'remedy'
export type AcknowledgementAnswer = 'accepted' | 'declined' | 'absent' | 'refused'

export interface Acknowledgement {
  work_order_id: string
  visit_id: string | null
  about: AcknowledgementAbout
  answer: AcknowledgementAnswer
  document_sha256: string
  strokes_sha256: string | null
  reason: string
  photo_id: string | null
  photo_sha256: string | null
  signer_name: string
  signer_title: string
  remedy: string | null
  told: ChargeTold[]
  at: string
}

export interface LogEntry {
  work_order_id: string
  visit_id: string | null
  what: string
  at: string
  author_id: string | null
  note: string
  data: Record<string, string | number | boolean | null>
  voided_at: string | null
}

/** What was told to the engineer of this phone. */
export interface Notice {
  kind: string
  work_order_id: string
  visit_id: string | null
  about: NoticeAbout
  created_at: string
  read_at: string | null
}

export interface Letter {
  letter: string
  version: number
  title: BothLanguages
  clauses: { id: string; article: string | null; quote: string; text: BothLanguages }[]
  /** Lines the letter names; a value with a blank in it was never filled in. */
  contacts: { kind: string; label: BothLanguages; value: string }[]
}

export interface Person {
  name: string
  role: string
  phone: string
  branch_id: string | null
  staff_no?: string
}

export interface Company {
  name: BothLanguages
  hotline: string
  currency: string
  tz: string
}

export interface FormDefinition {
  form: string
  version: number
  /** required_by: letters that ask for the field; clause: where it is promised */
  fields: { name: string; label?: BothLanguages; required_by?: string[]; clause?: string; suggestions?: BothLanguages[] }[]
}

export interface Conflict {
  record_kind: string
  record_id: string
  field: string
  base_value: string | null
  server_value: string | null
  server_author_id: string | null
  server_at: string | null
  phone_value: string | null
  phone_author_id: string | null
  phone_at: string | null
  op_id: string
  state: 'open' | 'settled'
}

export type { VerdictName }
