import { describe, expect, test } from 'vitest'
import { takeBackDigits } from '@/reports/take-back-digits'
import { hasInk, linesIn, strokesOf, type Point } from '@/reports/ink'
import { instantAt } from '@/reports/instant-at'
import { shortRef } from '@/reports/short-ref'
import { phoneClockText } from '@/console/reports/phone-clock'
import { sentLines } from '@/console/sync/sent-lines'
import { differingPart } from '@/sync/differing-part'
import { nextStepOf } from '@/visits/next-step'

describe('ink', () => {
  const stroke: Point[] = [[0, 0], [100, 0], [200, 50]]

  test.each([
    ['an empty pad', []],
    ['a dot', [[[500, 300]]]],
    ['many dots', Array.from({ length: 50 }, (_, i) => [[i * 10, 10]])],
    ['a slip of the finger', [[[0, 0], [30, 30]]]],
  ] as [string, Point[][]][])('%s is no signature', (_name, lines) => {
    expect(hasInk(lines)).toBe(false)
  })

  test('a stroke is', () => expect(hasInk([stroke])).toBe(true))

  test('strokes beside the sheet are moved onto it, in whole units', () => {
    const kept = strokesOf([[[-40, -20], [1100, 700]]])
    expect(kept).toEqual({ width: 1140, height: 720, lines: [[[0, 0], [1140, 720]]] })
  })

  test('a stored draft that is no ink gives none', () => {
    expect(linesIn('x')).toEqual([])
    expect(linesIn([['a', [1, 2], [1.5, 2], [1]]])).toEqual([[[1, 2]]])
  })
})

describe('the instant of a time at the site', () => {
  test.each([
    ['2026-11-23', '15:56', 'Asia/Shanghai', '2026-11-23T07:56:00.000Z'],
    ['2026-11-23', '15:56:30', 'Asia/Shanghai', '2026-11-23T07:56:30.000Z'],
    ['2026-11-23', '00:10', 'Asia/Shanghai', '2026-11-22T16:10:00.000Z'],
    ['2026-07-01', '09:00', 'Europe/Berlin', '2026-07-01T07:00:00.000Z'],
    ['2026-10-25', '09:00', 'Europe/Berlin', '2026-10-25T08:00:00.000Z'],
    ['2026-02-28', '12:00', 'America/St_Johns', '2026-02-28T15:30:00.000Z'],
  ])('%s %s in %s', (date, time, tz, wanted) => expect(instantAt(date, time, tz)).toBe(wanted))
})

test('a short reference is eight signs that nobody mishears, the same for the same id', () => {
  const one = shortRef('0198a000-0000-7000-8abc-def012345678')
  expect(one).toMatch(/^R-[2-9A-HJKMNP-Z]{8}$/)
  expect(shortRef('0198a000-0000-7000-8abc-def012345678')).toBe(one)
  expect(shortRef('0198a000-0000-7000-8abc-def012345679')).not.toBe(one)
})

test('where two texts differ is marked, sign by sign, rare Han, numbers and words whole', () => {
  expect(differingPart('打开时提示过期', '打开时闪退')).toEqual({
    one: { before: '打开时', differs: '提示过期', after: '' },
    other: { before: '打开时', differs: '闪退', after: '' },
  })
  expect(differingPart('a𠮷b', 'a𠮶b').one).toEqual({ before: 'a', differs: '𠮷', after: 'b' })
  expect(differingPart('好好', '好好好').other).toEqual({ before: '好好', differs: '好', after: '' })
  expect(differingPart('80 小时', '60 小时').other).toEqual({ before: '', differs: '60', after: ' 小时' })
  expect(differingPart('within 24 h', 'within 48 h').one).toEqual({ before: 'within ', differs: '24', after: ' h' })
  expect(differingPart('80', '8').one).toEqual({ before: '', differs: '80', after: '' })
  expect(differingPart('ab cd', 'ab x cd').other).toEqual({ before: 'ab ', differs: 'x ', after: 'cd' })
})

test('what the server did not take is read in words, without the ids that tie it together', () => {
  const words: Record<string, string> = { 'field.finding.cause_text': '故障原因', 'report.part_no': '料号' }
  const lines = sentLines({ args: { cause_text: '欠压', part_no: '01YM332', quantity: 2, finding_id: 'f', photo_id: null, note: '' } }, 'finding', (key) => words[key] ?? key, (key) => key in words)
  expect(lines).toEqual([{ name: '故障原因', value: '欠压' }, { name: '料号', value: '01YM332' }, { name: 'quantity', value: '2' }])
  expect(sentLines(null, null, (key) => key, () => false)).toEqual([])
})

test.each([
  [800, 'fast 0.8'],
  [-800, 'slow 0.8'],
  [119_900, 'fast 119.9'],
  [-34_560_000_000, 'slow time.days'],
])('a phone that is %s ms before the server reads %s, days not in seconds', (offset_ms, text) => {
  const t = (key: string, values: Record<string, unknown> = {}) => (key === 'check_in.offset' ? `${values.way} ${values.time}` : key === 'check_in.seconds' ? String(values.s) : key.replace('check_in.', ''))
  expect(phoneClockText(offset_ms, t)).toBe(text)
  expect(phoneClockText(null, t)).toBe('—')
})

test('the phone is taken back with the last four digits of her own number, if it is known', () => {
  expect(takeBackDigits('138 0000 4321')).toBe('4321')
  expect(takeBackDigits('12')).toBe('')
  expect(takeBackDigits(undefined)).toBe('')
})

describe('the next step', () => {
  const finding = { id: 'f', symptom_found: 'x', cause_category: 'wear', cause_text: 'x', fix_category: 'repaired', fix_text: 'x', outcome: 'fixed' }
  const complete = { findings: [finding], part_lines: [], guidance: '', requires: [] }
  const signed = { ...complete, signature: { result: 'accepted', signer_name: 'Eve', strokes_sha256: 'ab' } }
  const standing = { state: 'on_site' as const, hasCheckedIn: true, hasReport: true, report: complete }

  test.each([
    [{ ...standing, state: 'planned' as const }, 'accept'],
    [{ ...standing, state: 'accepted' as const }, 'depart'],
    [{ ...standing, state: 'travelling' as const }, 'check_in'],
    [{ ...standing, hasCheckedIn: false }, 'check_in'],
    [{ ...standing, hasReport: false }, 'work'],
    [{ ...standing, report: { findings: [] } }, 'work'],
    [standing, 'sign'],
    [{ ...standing, report: signed }, 'check_out'],
    [{ ...standing, state: 'done' as const }, 'over'],
    [{ ...standing, state: 'cancelled' as const }, 'over'],
  ])('%#', (given, wanted) => expect(nextStepOf(given)).toBe(wanted))
})
