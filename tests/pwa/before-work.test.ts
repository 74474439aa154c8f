/* What the customer must be told before work, decided by what the record carries, without a network. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decidedFor, needsOf, unasked } from '@/acknowledgements/before-work'
import { bytesOf, documentOf, type AcknowledgementFacts } from '@/acknowledgements/document'
import { toldOf, typedAmount, type QuotedLine } from '@/acknowledgements/told'
import { gatesLeft } from '@/visits/gates-left'
import type { VisitSheet } from '@/visits/use-visit'
import type { Acknowledgement, ChargeTold, Gate, WorkOrder } from '@/app/records'

interface Vectors {
  told: { name: string; charges: Record<string, string | null>; quote: { lines: QuotedLine[] } | null; told: ChargeTold[] }[]
  documents: { name: string; facts: AcknowledgementFacts; document: string; sha256: string }[]
}
const vectors = JSON.parse(readFileSync(resolve(import.meta.dirname, '../vectors/acknowledgement.json'), 'utf8')) as Vectors

describe('the same as the server', () => {
  test.each(vectors.told)('told: $name', ({ charges, quote, told }) => {
    expect(JSON.stringify(toldOf(charges, quote))).toBe(JSON.stringify(told))
  })
  test.each(vectors.documents)('frozen text: $name', async ({ facts, document, sha256 }) => {
    const bytes = bytesOf(documentOf(facts))
    expect(new TextDecoder().decode(bytes)).toBe(document)
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    expect([...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(sha256)
  })
})

const gate = (name: string, holds = false, before = 'work'): Gate => ({ gate: name, before, clause: name, holds })
const DAMAGE = { status: 'chargeable', charges: { labour: 'fee' }, reasons: [], gates: [gate('user_damage_notice'), gate('backup_notice')] }
const order = (gates: Gate[], damage: WorkOrder['entitlement']['if_user_damage'] = DAMAGE): Pick<WorkOrder, 'gates' | 'entitlement' | 'quote'> =>
  ({ gates, entitlement: { status: 'covered', charges: { labour: 'free' }, if_user_damage: damage }, quote: null })
const answered = (about: string, answer = 'accepted') => ({ about, answer }) as Acknowledgement
const found = (cause_category: string | null) => [{ cause_category }]
const names = (gates: Gate[], cause: string | null = null, acknowledgements: Acknowledgement[] = []) =>
  needsOf({ order: order(gates), findings: found(cause), acknowledgements }).map((need) => need.about)

describe('before work', () => {
  // promise: D-18
  test('what the letter wants is open until the server or this phone has the customer’s word', () => {
    expect(names([gate('backup_notice')])).toEqual(['backup_notice'])
    expect(names([gate('backup_notice', true)])).toEqual([])
    expect(names([gate('backup_notice')], null, [answered('backup_notice')])).toEqual([])
  })
  // promise: B-08 C-12
  test('a cause found offline brings the notice at once, by what the record says would hold', () => {
    expect(names([gate('backup_notice')], 'wear')).toEqual(['backup_notice'])
    expect(names([gate('backup_notice')], 'user_damage')).toEqual(['user_damage_notice', 'backup_notice'])
    expect(names([gate('backup_notice', true)], 'user_damage')).toEqual(['user_damage_notice'])
    expect(names([], 'user_damage', [answered('user_damage_notice'), answered('backup_notice')])).toEqual([])
  })
  test('damage by the user tells the price itself, no second acceptance of it', () => {
    expect(names([gate('fee_acceptance')])).toEqual(['fee'])
    expect(names([gate('fee_acceptance')], 'user_damage')).toEqual(['user_damage_notice', 'backup_notice'])
    expect(names([gate('fee_acceptance')], null, [answered('user_damage_notice')])).toEqual([])
  })
  test.each(['declined', 'absent', 'refused'])('%s opens nothing, and she is not asked to ask again first', (answer) => {
    const told = { order: order([gate('fee_acceptance')]), findings: found(null), acknowledgements: [answered('fee', answer)] }
    expect(needsOf(told).map((need) => need.answer?.answer)).toEqual([answer])
    expect(unasked(told)).toEqual([])
  })
  test('gates of other steps are not the customer’s to hear', () => {
    expect(names([gate('phone_reason', false, 'dispatch'), gate('fault_report', false, 'close'), gate('quote_above_ceiling')])).toEqual([])
  })
  test('the charges shown are those of the cause that was found', () => {
    expect(decidedFor({ order: order([]), findings: found('wear') })).toMatchObject({ status: 'covered', charges: { labour: 'free' } })
    expect(decidedFor({ order: order([]), findings: found('user_damage') })).toMatchObject({ status: 'chargeable', charges: { labour: 'fee' } })
    expect(decidedFor({ order: order([], null), findings: found('user_damage') })).toMatchObject({ status: 'covered' })
  })
})

test.each([['300', '300.00'], ['300.5', '300.50'], ['¥1,200.05', '1200.05'], ['1，200', '1200.00'], ['0', '0.00']])('a price typed as %s is %s', (text, amount) => {
  expect(typedAmount(text, 'CNY')).toEqual({ amount, currency: 'CNY' })
})
test.each(['', '.', 'abc', '-5', '1.234', '1e3', '三百'])('"%s" is no price', (text) => {
  expect(typedAmount(text, 'CNY')).toBeNull()
})

describe('before leaving', () => {
  const sheet = (change: object = {}) =>
    ({
      order: { ...order([gate('customer_acceptance', false, 'close'), gate('fault_report', false, 'close'), gate('cause_and_fix', false, 'close'), gate('training_signoff', false, 'close')]) },
      visit: { id: 'v' }, report: { state: 'draft', signature_id: null }, signatures: [], findings: [], acknowledgements: [],
      letters: [{ clauses: [{ id: 'fault_report', text: { zh: '交报告', en: 'A report' } }] }], ...change,
    }) as unknown as VisitSheet
  const left = (one: VisitSheet, isWhole: boolean) => gatesLeft(one, isWhole).map(({ gate, to }) => [gate, to])

  test('what the letter still wants is listed with the way to each that she can mend, in the letter’s words', () => {
    expect(left(sheet(), false)).toEqual([
      ['customer_acceptance', '/visits/v/report'], ['fault_report', '/visits/v/report'], ['cause_and_fix', '/visits/v/report'], ['training_signoff', null],
    ])
    expect(gatesLeft(sheet(), false)[1]?.text).toEqual({ zh: '交报告', en: 'A report' })
  })
  test('a whole report is handed in on leaving; the customer’s signature is still asked for', () => {
    expect(left(sheet(), true)).toEqual([['customer_acceptance', '/visits/v/sign'], ['training_signoff', null]])
  })
  test('a signature given offline counts at once, a rejection does not', () => {
    const signed = (result: string) => sheet({ report: { state: 'submitted', signature_id: 's' }, signatures: [{ id: 's', result }] })
    expect(left(signed('accepted_with_remarks'), true)).toEqual([['training_signoff', null]])
    expect(left(signed('rejected'), true)[0]).toEqual(['customer_acceptance', '/visits/v/sign'])
  })
  test('what was not told before work stands first', () => {
    expect(left(sheet({ findings: found('user_damage') }), true)[0]).toEqual(['user_damage_notice', '/visits/v/acknowledge/work'])
  })
})
