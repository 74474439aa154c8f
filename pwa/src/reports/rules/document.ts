/* The frozen document: exactly what the customer reads and signs, as bytes under one SHA-256 (K-8). Made here from the
   phone's own rows when she hands the phone over; the desk's half is backend/reports/rules/document.py, and both are held
   together by tests/vectors/signed-document.json. The server keeps these bytes and never makes them anew. */
import canonicalize from 'canonicalize'

export const SCHEMA = 1
const FINDING_TEXTS = ['symptom_found', 'cause_text', 'fix_text', 'outcome']
const FINDING_FACTS = [
  'symptom_found', 'cause_category', 'cause_text', 'cause_unknown_until', 'fix_category', 'fix_text', 'outcome',
  'not_fixed_reason', 'next_step',
]
const PART_FACTS = ['name', 'part_no', 'quantity', 'old_serial', 'new_serial', 'origin']
const ASSET_FACTS = ['category', 'brand', 'model', 'serial', 'place']

/** Any value of a synced row: JSON without floats. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value }
/** A row as synced, with its id among the fields. */
export type Row = { readonly [field: string]: Value | undefined }

export interface DocumentFacts {
  form_version: number
  frozen_at: string
  report: Row
  work_order: Row
  customer: Row
  site: Row
  contact?: Row | null
  engineers: readonly Row[]
  findings: readonly Row[]
  assets: { readonly [id: string]: Row }
  part_lines: readonly Row[]
  photos: readonly Row[]
  charges?: readonly Row[] | null
  moments?: readonly Row[] | null
  more?: readonly Row[] | null
  repair?: Row | null
}

export interface SignedFinding {
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
  parts: {
    name: string
    part_no: string | null
    quantity: number
    old_serial: string | null
    new_serial: string | null
    origin: string | null
    charge: string | null
    clause: string | null
  }[]
}

/** What the customer reads: the fields of reports.view.Signed but its own hash. */
export interface SignedPart {
  frozen_at: string
  language: 'zh' | 'en'
  short_ref: string
  work_order_ref: string
  customer_name: string
  site_name: string
  site_address: string | null
  contact_name: string | null
  contact_phone: string | null
  caller_name: string | null
  channel: string | null
  reported_at: string | null
  sent_for_repair_on: string | null
  repair_count: number | null
  previous_repair_on: string | null
  reported_symptom: string
  handed_over_on: string | null
  engineers: { name: string; staff_no: string | null; is_lead: boolean }[]
  moments: { what: string; at: string }[]
  findings: SignedFinding[]
  guidance: string
  charges: { kind: string; charge: string; amount: { amount: string; currency: string } | null; clause: string | null }[]
  photos: { sha256: string; caption: string; taken_at: string; finding_no: number | null }[]
  more: { label: { zh: string; en: string }; value: string }[]
}

export interface FrozenDocument {
  schema: number
  form: string
  form_version: number
  report_id: string
  work_order_id: string
  visit_id: string | null
  version: number
  finding_ids: string[]
  asset_ids: (string | null)[]
  part_ids: string[][]
  photo_ids: string[]
  signed: SignedPart
}

/** The frozen document of a report. */
export function documentOf(facts: DocumentFacts): FrozenDocument {
  const { report } = facts
  const findings = [...facts.findings].sort((a, b) => compare(a.id, b.id))
  const parts = findings.map((finding) => partsOf(finding, facts.part_lines))
  const photos = facts.photos
    .filter((photo) => !photo.voided_at)
    .sort((a, b) => compare(a.taken_at, b.taken_at) || compare(a.id, b.id))
  return {
    schema: SCHEMA,
    form: 'fault_report',
    form_version: facts.form_version,
    report_id: text(report.id),
    work_order_id: text(report.work_order_id),
    visit_id: orNull(report.visit_id) as string | null,
    version: report.version as number,
    finding_ids: findings.map((finding) => text(finding.id)),
    asset_ids: findings.map((finding) => orNull(finding.asset_id) as string | null),
    part_ids: parts.map((lines) => lines.map((part) => text(part.id))),
    photo_ids: photos.map((photo) => text(photo.id)),
    signed: signedOf(facts, findings, parts, photos),
  }
}

/** The document as the bytes that are kept and hashed: RFC 8785. */
export function bytesOf(document: FrozenDocument): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalize(document))
}

function signedOf(facts: DocumentFacts, findings: readonly Row[], parts: readonly Row[][], photos: readonly Row[]): SignedPart {
  const { report, work_order: order } = facts
  const contact = facts.contact ?? {}
  const repair = facts.repair ?? {}
  const numbers = new Map(findings.map((finding, i) => [finding.id, i + 1]))
  const signed = {
    frozen_at: facts.frozen_at,
    language: report.language,
    short_ref: report.short_ref,
    work_order_ref: order.number || order.short_ref || '',
    customer_name: facts.customer.name,
    site_name: facts.site.name,
    site_address: facts.site.address || null,
    contact_name: contact.name || null,
    contact_phone: contact.phone || null,
    caller_name: order.caller_name || null,
    channel: orNull(order.channel),
    reported_at: orNull(order.reported_at),
    sent_for_repair_on: orNull(repair.sent_for_repair_on),
    repair_count: orNull(repair.repair_count),
    previous_repair_on: orNull(repair.previous_repair_on),
    reported_symptom: order.symptom || '',
    handed_over_on: orNull(repair.handed_over_on),
    engineers: facts.engineers.map((one) => ({ name: one.name, staff_no: one.staff_no || null, is_lead: one.is_lead })),
    moments: (facts.moments ?? []).map((moment) => ({ what: moment.what, at: moment.at })),
    findings: findings.map((finding, i) => findingOf(i + 1, finding, assetOf(facts, finding), parts[i] ?? [])),
    guidance: report.guidance,
    charges: (facts.charges ?? []).map((charge) => ({
      kind: charge.kind,
      charge: charge.charge,
      amount: orNull(charge.amount),
      clause: orNull(charge.clause),
    })),
    photos: photos.map((photo) => ({
      sha256: photo.sha256,
      caption: photo.caption || '',
      taken_at: photo.taken_at,
      finding_no: numbers.get(photo.finding_id) ?? null,
    })),
    more: (facts.more ?? []).map((field) => ({ label: field.label, value: field.value })),
  }
  return signed as unknown as SignedPart
}

function findingOf(no: number, finding: Row, asset: Row | null, parts: readonly Row[]): Row {
  const facts = FINDING_FACTS.map((key) => [key, finding[key] || (FINDING_TEXTS.includes(key) ? '' : null)])
  return {
    no,
    asset: asset && (Object.fromEntries(ASSET_FACTS.map((key) => [key, asset[key] || null])) as Value),
    ...(Object.fromEntries(facts) as Row),
    parts: parts.map((part) => ({
      ...Object.fromEntries(PART_FACTS.map((key) => [key, key === 'name' || key === 'quantity' ? part[key] : part[key] || null])),
      charge: orNull(part.charge),
      clause: orNull(part.clause),
    })) as Value,
  }
}

function assetOf(facts: DocumentFacts, finding: Row): Row | null {
  return typeof finding.asset_id === 'string' ? (facts.assets[finding.asset_id] ?? null) : null
}

function partsOf(finding: Row, lines: readonly Row[]): Row[] {
  return lines.filter((part) => part.finding_id === finding.id && !part.voided_at).sort((a, b) => compare(a.id, b.id))
}

/** Order of ids and instants as plain text, as Python sorts them: never by locale. */
function compare(a: Value | undefined, b: Value | undefined): number {
  const [one, other] = [text(a), text(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

function text(value: Value | undefined): string {
  return typeof value === 'string' ? value : ''
}

function orNull(value: Value | undefined): Value {
  return value === undefined ? null : value
}
