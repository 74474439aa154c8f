/* What is typed stays with the record it was typed into, and goes before what is signed. Real store, fake IndexedDB. */
import 'fake-indexeddb/auto'
import type { Fields } from '@fieldpledge/sync-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { closeData, data, openData } from '@/app/data'
import { useDraft } from '@/app/use-draft'
import { startReport } from '@/reports/actions'
import { beginSigning, readFrozen } from '@/reports/freeze'
import { handover, takeBack } from '@/reports/handover'
import { seekFix } from '@/visits/actions'
import { sheetOf, type VisitSheet } from '@/visits/use-visit'
import { soon } from './line'

vi.hoisted(() => {
  vi.stubGlobal('location', { origin: 'https://here.test' })
  vi.stubGlobal('localStorage', { getItem: () => null })
})
const [ANA, BEN] = ['0198a000-0000-7000-8000-000000000001', '0198a000-0000-7000-8000-000000000002']
const VISIT = 'v'

async function pulled(kind: string, id: string, fields: Fields) {
  await data().context.store.write(['rows'], (tx) =>
    tx.put('rows', { key: `${kind}/${id}`, kind, id, rev: 1, keys: [], buckets: ['b'], detached: 0, sealed: data().context.seal.seal(fields) }),
  )
}
const phoneOf = async (id: string) => (await data().record<{ phone: string }>('contact', id))?.fields.phone

beforeEach(async () => {
  await openData(ANA)
  await pulled('visit', VISIT, { work_order_id: 'wo', state: 'on_site', engineer_ids: [ANA], lead_id: ANA })
  await pulled('work_order', 'wo', { customer_id: 'c', site_id: 's', number: 'WO-1', symptom: '开不了机', reported_at: '2026-11-23T07:00:00.000Z', asset_ids: [], letters: [], gates: [], entitlement: {} })
})
afterEach(async () => {
  await takeBack()
  await data().wipe((await data().counts()).unsent)
  await closeData()
})

test('the office names another contact while her number is typed: it stays hers, the other one’s is untouched', async () => {
  await pulled('contact', 'eve', { phone: '1' })
  await pulled('contact', 'uma', { phone: '2' })
  const [who, base] = [ref('eve'), ref('1')]
  const scope = effectScope()
  const field = scope.run(() => useDraft(() => ({ kind: 'contact', id: who.value }), 'phone', () => base.value))!
  field.type('138')
  ;[who.value, base.value] = ['uma', '2']
  await nextTick()
  expect(field.text.value).toBe('2')
  await soon(async () => expect(await phoneOf('eve')).toBe('138'))
  field.type('25')
  await field.leave()
  scope.stop()
  expect([await phoneOf('eve'), await phoneOf('uma')]).toEqual(['138', '25'])
})

test('an old draft that is read late is not laid into the next record’s field', async () => {
  await data().drafts.set({ kind: 'contact', id: 'eve' }, 'phone', '138', '1')
  const who = ref('eve')
  const scope = effectScope()
  const field = scope.run(() => useDraft(() => ({ kind: 'contact', id: who.value }), 'phone', () => ''))!
  who.value = 'uma'
  await data().drafts.get({ kind: 'contact', id: 'uma' }, 'phone')
  await nextTick()
  expect(field.text.value).toBe('')
  scope.stop()
})

test.each([true, false])('words of before a kill: she goes on from them, sent meanwhile by another field’s leaving (%s), and is asked nothing', async (isSent) => {
  const eve = { kind: 'contact', id: 'eve' }
  await pulled('contact', 'eve', { phone: '1' })
  await data().drafts.set(eve, 'phone', '138', '1')
  const scope = effectScope()
  const base = ref('1')
  const field = scope.run(() => useDraft(() => eve, 'phone', () => base.value))!
  await soon(() => expect(field.text.value).toBe('138'))
  if (isSent) {
    await data().drafts.commit(eve)
    base.value = (await phoneOf('eve'))!
    await nextTick()
  }
  field.type('1382')
  await soon(() => expect(field.isWriting.value).toBe(false))
  expect(await data().drafts.get(eve, 'phone')).toMatchObject({ value: '1382', base: isSent ? '138' : '1' })
  scope.stop()
})

test('the customer reads the last words typed, left or not', async () => {
  await startReport((await sheetOf(data(), VISIT)) as VisitSheet)
  const { findings } = (await sheetOf(data(), VISIT)) as VisitSheet
  void data().drafts.set({ kind: 'finding', id: findings[0]!.id }, 'cause_text', '电源烧了', '')
  expect(await beginSigning(VISIT, () => true)).toBe(true)
  const frozen = await readFrozen(handover.value!.document_sha256)
  expect(frozen?.signed.findings[0]!.cause_text).toBe('电源烧了')
})

test('who has gone back while the text was frozen is not locked into signing it', async () => {
  await startReport((await sheetOf(data(), VISIT)) as VisitSheet)
  await beginSigning(VISIT, () => false)
  expect(handover.value).toBeNull()
})

test('a position that comes when another person works on this phone is not laid into his work', async () => {
  let came = (_: object) => {}
  vi.stubGlobal('navigator', { geolocation: { watchPosition: (hear: typeof came) => { came = hear; return 1 }, clearWatch: () => {} } })
  seekFix('check-in', { visitId: VISIT, site: null }, Date.now(), () => {})
  await openData(BEN)
  came({ coords: { latitude: 30.5, longitude: 103.9, accuracy: 10 }, timestamp: Date.now() })
  await data().drafts.flush()
  expect((await data().counts()).unsent).toBe(0)
})
