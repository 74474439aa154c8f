// What a notice says follows the clock as it stands now, not as it stood when it was told.
import { describe, expect, test } from 'vitest'
import { sentenceOf, type Told } from '@/notices/sentence'
import { createI18n } from 'vue-i18n'
import zh from '@/ui/i18n/zh-CN'
import { speakWith } from '@/ui/words-now'

const START = Date.parse('2026-11-20T06:00:00.000Z')
const MINUTE = 60_000
const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString()

function told(given: Partial<Told> = {}, about: Partial<Told['about']> = {}): Told {
  const said = { clock: 'arrive', clause: 'B-02', starts: at(0), due: at(132), sent_at: null, offline_since: null, nearest_name: null, nearest_m: null, ...about }
  return {
    kind: 'clock_near', about: said, clock: { starts: said.starts, due: said.due, met_at: null, state: 'running' },
    who: { name: '安然', phone: '13800000001' }, visit: 'waits', tz: 'Asia/Shanghai', ...given,
  }
}
const says = (one: Told, minutes: number) => sentenceOf(one, START + minutes * MINUTE).text.replaceAll('\u00a0', ' ')
const clock = (given: Told['clock']) => ({ clock: { ...told().clock, ...given } })

const { t } = createI18n({ legacy: false, locale: 'zh-CN', messages: { 'zh-CN': zh } }).global
speakWith((key, named) => t(key, named ?? {}), () => 'zh-CN')

describe('a notice of other charges', () => {
  const sum = (amount: string) => ({ amount, currency: 'CNY' })
  test.each([
    [{ status_was: 'covered', total_was: sum('0.00'), status: 'chargeable', total: sum('1650.00') }, '收费变了：原来“免费”，现在“收费，¥1,650.00”。动手前请告诉客户。'],
    [{ status_was: 'at_cost', total_was: null, status: 'covered', total: sum('0.00') }, '收费变了：原来“按成本价收费”，现在“免费”。动手前请告诉客户。'],
  ])('says what it was and what it is', (about, text) => {
    expect(says(told({ kind: 'charges_changed', clock: null }, about), 0)).toBe(text)
  })
})

describe('a notice about a clock', () => {
  test('says what is left, who is out of reach and who is nearest', () => {
    const one = told({}, { offline_since: at(60), nearest_name: '周本', nearest_m: 1400 })
    expect(says(one, 123)).toBe('到场还剩 9 分钟（B-02，16:12 前）。安然离线，最近的是周本，1.4 公里。')
    expect(says(told({}, { nearest_name: '周本', nearest_m: 900 }), 123)).toBe('到场还剩 9 分钟（B-02，16:12 前）。最近的是周本，900 米。')
    expect(says(told({}, { offline_since: at(60) }), 123)).toBe('到场还剩 9 分钟（B-02，16:12 前）。安然离线。')
  })

  test('at the very due it is still in time, a moment later it is over', () => {
    expect(sentenceOf(told(), START + 132 * MINUTE)).toMatchObject({ tone: 'near' })
    expect(sentenceOf(told(), START + 132 * MINUTE + 1)).toMatchObject({ tone: 'missed' })
    expect(says(told(), 132.5)).toBe('到场超 <1 分（B-02）。写一句原因，会印在报告上。')
    expect(says(told(), 144)).toBe('到场超 12 分钟（B-02）。写一句原因，会印在报告上。')
  })

  test('of a clock kept since then says so, and no longer who could go', () => {
    const one = told(clock({ met_at: at(100), state: 'met' }), { nearest_name: '周本', nearest_m: 1400 })
    expect(says(one, 123)).toBe('到场守住了，15:40（B-02）。')
  })

  test.each([
    [clock({ met_at: at(140), state: 'missed' }), '到场晚了 8 分钟（B-02）。写一句原因，会印在报告上。'],
    [clock({ state: 'excused' }), '到场超时，已记为客户原因（B-02）。'],
    [clock({ state: 'idle' }), '到场不用再计时（B-02）。'],
    [{ clock: null }, '到场的时限已改（B-02）。'],
  ])('of one that ended otherwise or moved says that', (given, text) => {
    expect(says(told(given), 150)).toBe(text)
  })
})

test('a visit nobody has looked at asks for a call, until it was seen or called off', () => {
  const about = { clock: null, clause: null, starts: null, due: null, sent_at: at(0) }
  const one = (visit: Told['visit']) => says(told({ kind: 'call_her', clock: null, visit }, about), 3)
  expect(one('waits')).toBe('14:00 派给安然，还没看到。请打电话：13800000001。')
  expect(one('seen')).toBe('14:00 派给安然，后来看到了。')
  expect(one('gone')).toBe('14:00 派给安然，这次上门已不用了。')
})
