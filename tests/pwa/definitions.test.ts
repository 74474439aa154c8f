/* What the screens show at once, before the server has answered: real store (fake IndexedDB), real overlay, our reducers. */
import 'fake-indexeddb/auto'
import { openStore } from '@fieldpledge/sync-client/dexie'
import type { Fields, Local } from '@fieldpledge/sync-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { definitionsFor } from '@/app/definitions'

const ANA = '0198a000-0000-7000-8000-000000000001'
const VISIT = { kind: 'visit', id: '0198a000-0000-7000-8000-000000000010' }
let local: Local

beforeEach(async () => {
  local = await openStore({ server: 'test', userId: ANA, definitions: definitionsFor(ANA) })
  await pulled(VISIT, { work_order_id: 'wo', state: 'travelling', engineer_ids: [ANA], lead_id: ANA, planned_from: '2026-11-23T07:00:00.000Z' })
})
afterEach(async () => {
  const { unsent } = await local.counts()
  await local.wipe(unsent)
})

/** A row as the pull would have written it. */
async function pulled({ kind, id }: { kind: string; id: string }, fields: Fields) {
  const keys = kind === 'visit' ? [`visit/engineer_ids/${ANA}`, 'visit/work_order_id/wo'] : []
  await local.context.store.write(['rows'], (tx) =>
    tx.put('rows', { key: `${kind}/${id}`, kind, id, rev: 1, keys, buckets: ['b'], detached: 0, sealed: local.context.seal.seal(fields) }),
  )
}

const record = async (kind: string, id: string) => (await local.record(kind, id))?.fields
const AT = '2026-11-23T07:31:08.000Z'

async function checkIn() {
  const id = local.newId()
  await local.perform({
    type: 'visit.check_in', record: { kind: 'check_in', id }, occurred_at: AT,
    args: { visit_id: VISIT.id, direction: 'in', phone_verdict: { verdict: 'no_fix' } },
  })
  return id
}

async function report() {
  const [reportId, findingId] = [local.newId(), local.newId()]
  await local.performAll([
    { type: 'report.start', record: { kind: 'report', id: reportId }, args: { work_order_id: 'wo', visit_id: VISIT.id, short_ref: 'R-1', language: 'zh' } },
    { type: 'finding.add', record: { kind: 'finding', id: findingId }, args: { report_id: reportId, asset_id: null, symptom_found: 'x' } },
  ])
  return { reportId, findingId }
}

test('a check-in puts the visit on site at once, with the time of the tap and her own name on it', async () => {
  const id = await checkIn()
  expect((await record('visit', VISIT.id))?.state).toBe('on_site')
  expect(await record('check_in', id)).toMatchObject({ tapped_at: AT, engineer_id: ANA, direction: 'in', server_verdict: null })
  expect(await local.list('check_in', 'visit_id', VISIT.id)).toHaveLength(1)
})

test('a fix that comes later is shown with its check-in', async () => {
  const id = await checkIn()
  await local.perform({
    type: 'visit.check_in_fix', record: { kind: 'check_in_fix', id: local.newId() },
    args: { check_in_id: id, visit_id: VISIT.id, lat_e7: 305786200, lng_e7: 1039471800, accuracy_m: 12, fix_at: AT, phone_verdict: { verdict: 'on_site' } },
  })
  expect(await record('check_in', id)).toMatchObject({ phone_verdict: { verdict: 'on_site' }, fix: { lat_e7: 305786200, accuracy_m: 12 } })
})

test('a reason belongs to its check-in', async () => {
  const id = await checkIn()
  await local.perform({
    type: 'visit.check_in_reason', record: { kind: 'log_entry', id: local.newId() }, args: { check_in_id: id, reason_code: 'indoors', reason_text: '' },
  })
  expect((await record('check_in', id))?.reason_code).toBe('indoors')
})

test('checking out ends the visit; a futile one says so', async () => {
  await local.perform({ type: 'visit.check_out', record: { kind: 'check_in', id: local.newId() }, args: { visit_id: VISIT.id, direction: 'out', futile: true } })
  expect((await record('visit', VISIT.id))?.state).toBe('futile')
})

test('a report is a draft of hers with what the phone knows; its findings are listed', async () => {
  const { reportId } = await report()
  expect(await record('report', reportId)).toMatchObject({ state: 'draft', version: 1, author_id: ANA, number: null, short_ref: 'R-1' })
  expect(await local.list('finding', 'report_id', reportId)).toHaveLength(1)
})

test('a signature stands on the report; a later change of the signed part makes the next version and takes it off', async () => {
  const { reportId, findingId } = await report()
  const signatureId = local.newId()
  await local.perform({ type: 'signature.add', record: { kind: 'signature', id: signatureId }, args: { report_id: reportId, result: 'accepted' } })
  expect(await record('report', reportId)).toMatchObject({ signature_id: signatureId, version: 1 })

  await local.perform({ type: 'finding.edit', record: { kind: 'finding', id: findingId }, args: { cause_text: 'y' }, base: { cause_text: null } })
  expect(await record('report', reportId)).toMatchObject({ signature_id: null, version: 2 })
  expect((await record('signature', signatureId))?.result).toBe('accepted')

  await local.perform({ type: 'finding.edit', record: { kind: 'finding', id: findingId }, args: { cause_text: 'z' }, base: { cause_text: 'y' } })
  expect((await record('report', reportId))?.version).toBe(2)
})

test('a part struck out stays, with the time', async () => {
  const { reportId, findingId } = await report()
  const id = local.newId()
  await local.perform({ type: 'part_line.add', record: { kind: 'part_line', id }, args: { report_id: reportId, finding_id: findingId, name: 'x', quantity: 1 } })
  expect((await record('part_line', id))?.voided_at).toBeNull()
  await local.perform({ type: 'part_line.void', record: { kind: 'part_line', id }, args: { reason: 'wrong' }, occurred_at: AT })
  expect(await record('part_line', id)).toMatchObject({ name: 'x', voided_at: AT })
})

test('a line of the log is claimed at the time it states', async () => {
  const id = local.newId()
  await local.perform({ type: 'log_entry.add', record: { kind: 'log_entry', id }, args: { work_order_id: 'wo', visit_id: VISIT.id, what: 'solved' }, occurred_at: AT })
  expect(await record('log_entry', id)).toMatchObject({ what: 'solved', at: AT, author_id: ANA })
})
