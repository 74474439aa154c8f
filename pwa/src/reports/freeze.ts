/* Freezes what the customer will read: the document made from the phone's rows, its bytes stored under their hash (K-8). */
import { data } from '@/app/data'
import { decidedFor, isDamaged } from '@/acknowledgements/before-work'
import { toldOf } from '@/acknowledgements/told'
import type { ChargeTold, Finding, Report } from '@/app/records'
import { localDate } from '@/ui/format'
import type { VisitSheet } from '@/visits/use-visit'
import { solvedOf, wholeSheet } from './actions'
import { handOver } from './handover'
import { bytesOf, documentOf, type DocumentFacts, type FrozenDocument, type Row, type SignedPart } from './rules/document'

/** The phone keeps the last five reports of an asset: with as many, the true number is the server's to say. */
const REPORTS_KEPT = 5

export interface Frozen {
  sha256: string
  frozen_at: string
  version: number
}

/** Freezes the report of a visit and locks the phone to it; false when there is none. Who has left meanwhile is not locked out. */
export async function beginSigning(visitId: string, stays: () => boolean): Promise<boolean> {
  const now = await wholeSheet(visitId)
  if (!now?.report) return false
  const { sha256: document_sha256, frozen_at, version } = await freeze(now)
  if (stays()) {
    await handOver({ visitId, reportId: now.report.id, signatureId: data().newId(), document_sha256, frozen_at, version, isSigned: false })
  }
  return true
}

/** Makes the document of a report as it stands now and keeps its bytes. Raises when there is no report. */
async function freeze(sheet: VisitSheet): Promise<Frozen> {
  const frozen_at = new Date().toISOString()
  const document = documentOf(await factsOf(sheet, frozen_at))
  const bytes = bytesOf(document)
  const sha256 = await data().files.put(bytes.buffer, 'application/json', { order: 0 })
  return { sha256, frozen_at, version: document.version }
}

/** The frozen document out of its stored bytes: what is shown is what is signed. */
export async function readFrozen(sha256: string): Promise<FrozenDocument | null> {
  const bytes = await data().files.bytes(sha256)
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as FrozenDocument) : null
}

/** What the customer would read now, made from the rows and kept nowhere. */
export async function presentOf(sheet: VisitSheet): Promise<SignedPart> {
  return documentOf(await factsOf(sheet, sheet.report?.submitted_at ?? new Date().toISOString())).signed
}

async function factsOf(sheet: VisitSheet, frozen_at: string): Promise<DocumentFacts> {
  const { report } = sheet
  if (!report) throw new Error('there is no report to freeze')
  const charges = chargesOf(sheet)
  return {
    form_version: sheet.form?.version ?? 1,
    frozen_at,
    report: row(report),
    work_order: row(sheet.order),
    customer: row(sheet.customer ?? { name: '' }),
    site: row(sheet.site ?? { name: '' }),
    contact: sheet.contact && row(sheet.contact),
    engineers: engineersOf(sheet),
    findings: sheet.findings.map(row),
    assets: Object.fromEntries(sheet.assets.map((asset) => [asset.id, row(asset)])),
    part_lines: sheet.parts.map((part) => ({ ...row(part), charge: charges.find((one) => one.kind === 'parts')?.charge ?? null, clause: null })),
    photos: sheet.photos.map(row),
    charges: charges.map(({ kind, charge, amount, clause }) => ({ kind, charge, amount: amount && { ...amount }, clause })),
    moments: momentsOf(sheet),
    repair: await repairOf(sheet, frozen_at),
  }
}

/** What the customer was told before work and agreed to; where nobody had to, what is decided with the list's prices. */
function chargesOf(sheet: VisitSheet): ChargeTold[] {
  const wanted = isDamaged(sheet.findings) ? 'user_damage_notice' : 'fee'
  const agreed = sheet.acknowledgements.findLast((one) => one.answer === 'accepted' && one.about === wanted)
  const { charges, quote } = decidedFor(sheet)
  return agreed ? agreed.told : toldOf(charges, quote)
}

function engineersOf(sheet: VisitSheet): Row[] {
  const ids = [sheet.visit.lead_id, ...sheet.visit.engineer_ids.filter((id) => id !== sheet.visit.lead_id)]
  return ids.flatMap((id) => {
    const person = sheet.people.get(id)
    return person ? [{ name: person.name, staff_no: person.staff_no ?? null, is_lead: id === sheet.visit.lead_id }] : []
  })
}

function momentsOf(sheet: VisitSheet): Row[] {
  const arrived = sheet.checkIns.find((one) => one.direction === 'in')
  const solved = solvedOf(sheet)
  return [
    ...(arrived ? [{ what: 'arrived', at: arrived.corrected_at ?? arrived.tapped_at }] : []),
    ...(solved ? [{ what: 'solved', at: solved.at }] : []),
  ]
}

async function repairOf(sheet: VisitSheet, frozen_at: string): Promise<Row> {
  const past = await pastRepairs(sheet)
  const works = sheet.findings.some((finding) => finding.outcome === 'fixed' || finding.outcome === 'workaround')
  return {
    sent_for_repair_on: sheet.report?.sent_for_repair_on ?? localDate(sheet.order.reported_at, sheet.tz),
    repair_count: sheet.report?.repair_count ?? (past.length < REPORTS_KEPT ? past.length + 1 : null),
    previous_repair_on: past[0] ? localDate(past[0], sheet.tz) : null,
    handed_over_on: sheet.report?.handed_over_on ?? (works ? localDate(frozen_at, sheet.tz) : null),
  }
}

/** Instants of earlier reports on the first asset, newest first. */
async function pastRepairs(sheet: VisitSheet): Promise<string[]> {
  const asset = sheet.findings[0]?.asset_id
  if (!asset) return []
  const findings = await data().list<Finding>('finding', 'asset_id', asset)
  const ids = [...new Set(findings.map((finding) => finding.fields.report_id))].filter((id) => id !== sheet.report?.id)
  const reports = await Promise.all(ids.map((id) => data().record<Report>('report', id)))
  return reports.flatMap((report) => (report?.fields.submitted_at ? [report.fields.submitted_at] : [])).sort().reverse()
}

function row(fields: object): Row {
  return fields as Row
}
