/* Writing a report: started, findings, parts, photos, the instant the fault was gone. Each resolves when on the disk. */
import { data, type Performing } from '@/app/data'
import type { Finding, LogEntry, Photo } from '@/app/records'
import type { Shot } from '@/device/photo'
import { words } from '@/app/words'
import { sheetOf, type VisitSheet } from '@/visits/use-visit'
import type { WithId } from '@/app/data'
import { shortRef } from './short-ref'

let turn: Promise<unknown> = Promise.resolve()

/** One after the other, each from the rows as the one before left them: the sheet on the screen may be a moment older. */
function inTurn(sheet: VisitSheet, work: (now: VisitSheet) => Promise<void>): Promise<void> {
  const go = async () => work((await sheetOf(data(), sheet.visit.id)) ?? sheet)
  const mine = turn.then(go, go)
  turn = mine
  return mine
}

/** Makes the report and one finding per asset of the order, with the symptom as reported; once only. */
export function startReport(shown: VisitSheet): Promise<void> {
  return inTurn(shown, start)
}

async function start(sheet: VisitSheet): Promise<void> {
  if (sheet.report) return
  const reportId = data().newId()
  const language = words.i18n.global.locale.value === 'en' ? 'en' : 'zh'
  const assets = sheet.order.asset_ids.length > 0 ? sheet.order.asset_ids.slice(0, 1) : [null]
  await data().performAll([
    {
      type: 'report.start',
      record: { kind: 'report', id: reportId },
      args: { work_order_id: sheet.order.id, visit_id: sheet.visit.id, short_ref: shortRef(reportId), language },
    },
    ...assets.map((assetId) => findingAdded(sheet, reportId, assetId, sheet.order.symptom)),
  ])
}

/** One finding an asset. */
export function addFinding(shown: VisitSheet, assetId: string): Promise<void> {
  return inTurn(shown, async (sheet) => {
    if (!sheet.report || sheet.findings.some((one) => one.asset_id === assetId)) return
    await data().performAll([findingAdded(sheet, sheet.report.id, assetId, '')])
  })
}

/** Equipment that nobody has on record: made here, merged by the office later (K-2); with a finding of its own. */
export async function addUnknownAsset(sheet: VisitSheet, asset: { category: string; brand: string; model: string; serial: string; place: string }): Promise<void> {
  if (!sheet.report || !sheet.site) return
  const id = data().newId()
  await data().performAll([
    { type: 'asset.add', record: { kind: 'asset', id }, args: { site_id: sheet.site.id, ...asset } },
    findingAdded(sheet, sheet.report.id, id, ''),
  ])
}

function findingAdded(sheet: VisitSheet, reportId: string, assetId: string | null, symptom: string): Performing {
  return {
    type: 'finding.add',
    record: { kind: 'finding', id: data().newId() },
    args: {
      report_id: reportId, work_order_id: sheet.order.id, asset_id: assetId, symptom_found: symptom, cause_category: null,
      cause_text: '', cause_unknown_until: null, fix_category: null, fix_text: '', outcome: null, not_fixed_reason: '', next_step: '',
    },
  }
}

/** The visit with its report as it is with what is still being typed into it: before it is frozen, signed or handed in. */
export async function wholeSheet(visitId: string): Promise<VisitSheet | null> {
  await data().drafts.flush()
  const sheet = await sheetOf(data(), visitId)
  if (!sheet || sheet.typed.size === 0) return sheet
  for (const key of sheet.typed.keys()) {
    const [kind = '', id = ''] = key.split('/')
    await data().drafts.commit({ kind, id })
  }
  return sheetOf(data(), visitId)
}

/** A pick is an operation at once; the texts typed beside it go with their own drafts. */
export async function pick(finding: WithId<Finding>, field: 'cause_category' | 'fix_category' | 'outcome' | 'cause_unknown_until', value: string | null) {
  await data().perform({
    type: 'finding.edit',
    record: { kind: 'finding', id: finding.id },
    args: { [field]: value },
    base: { [field]: finding[field] ?? null },
  })
}

const WORKING = ['fixed', 'workaround']

/** The outcome, and with it the instant the equipment was in working order (K-4 "resolve"): the tap, until she corrects it. */
export function pickOutcome(shown: VisitSheet, finding: WithId<Finding>, outcome: string): Promise<void> {
  const at = new Date().toISOString()
  return inTurn(shown, async (sheet) => {
    await pick(finding, 'outcome', outcome)
    const outcomes = sheet.findings.map((one) => (one.id === finding.id ? outcome : one.outcome))
    const isWorking = outcomes.every((one) => one !== null && (WORKING.includes(one) || one === 'no_fault_found')) && outcomes.some((one) => WORKING.includes(one ?? ''))
    const stated = solvedOf(sheet)
    if (isWorking && !stated) await stateSolved(sheet, at)
    if (!isWorking && stated) await voidEntry(stated, 'outcome_changed')
  })
}

export function solvedOf(sheet: VisitSheet): WithId<LogEntry> | null {
  return sheet.log.findLast((entry) => entry.what === 'solved' && entry.visit_id === sheet.visit.id && !entry.voided_at) ?? null
}

/** States (again) when the equipment worked; a wrong entry is voided, never removed. */
export function correctSolved(shown: VisitSheet, at: string): Promise<void> {
  return inTurn(shown, async (sheet) => {
    const stated = solvedOf(sheet)
    if (stated?.at === at) return
    if (stated) await voidEntry(stated, 'corrected')
    await stateSolved(sheet, at)
  })
}

function stateSolved(sheet: VisitSheet, at: string) {
  return data().perform({
    type: 'log_entry.add',
    record: { kind: 'log_entry', id: data().newId() },
    occurred_at: at, // what is claimed; the server corrects it by the phone's clock
    args: { work_order_id: sheet.order.id, visit_id: sheet.visit.id, what: 'solved' },
  })
}

function voidEntry(entry: WithId<LogEntry>, reason: string) {
  return data().perform({ type: 'log_entry.void', record: { kind: 'log_entry', id: entry.id }, args: { reason } })
}

/** Bytes first, then the photo that names them: both are on the disk when this resolves. */
export async function addPhoto(sheet: VisitSheet, shot: Shot, findingId: string | null, caption: string): Promise<string> {
  const sha256 = await data().files.put(shot.bytes, shot.content_type, { order: 2, taken_at: shot.taken_at })
  const id = data().newId()
  await data().perform({
    type: 'photo.add',
    record: { kind: 'photo', id },
    files: [sha256],
    args: {
      work_order_id: sheet.order.id, visit_id: sheet.visit.id, report_id: sheet.report?.id ?? null, finding_id: findingId,
      sha256, size_bytes: shot.bytes.byteLength, content_type: shot.content_type, taken_at: shot.taken_at, caption,
    },
  })
  return id
}

export function voidPhoto(photo: WithId<Photo>, reason: string) {
  return data().perform({ type: 'photo.void', record: { kind: 'photo', id: photo.id }, args: { reason } })
}

export function voidPart(id: string, reason: string) {
  return data().perform({ type: 'part_line.void', record: { kind: 'part_line', id }, args: { reason } })
}
