import { describe, expect, test } from 'vitest'
import { clockFace, earliestDue, givenMs, governing, linesOf } from '@/workorders/clock-face'

const START = Date.parse('2026-11-23T00:12:00.000Z')
const HOUR = 3_600_000
const MINUTE = 60_000
const at = (ms: number) => new Date(ms).toISOString()
const clock = (hours: number, more: object = {}) => ({ name: 'arrive' as const, starts: at(START), due: at(START + hours * HOUR), met_at: null, ...more })

describe('what a clock looks like', () => {
  test.each([
    ['a fifth left is near', 8, 8 * HOUR - 96 * MINUTE, 'near'],
    ['just more than a fifth is running', 8, 8 * HOUR - 96 * MINUTE - 1, 'run'],
    ['of a long term at most two hours are near', 24, 24 * HOUR - 2 * HOUR, 'near'],
    ['and more than two hours are not', 24, 24 * HOUR - 2 * HOUR - 1, 'run'],
    ['of a short term five minutes are near', 1 / 3, 15 * MINUTE, 'near'],
    ['at the very instant it is due it is not missed', 8, 8 * HOUR, 'near'],
    ['a millisecond later it is', 8, 8 * HOUR + 1, 'missed'],
    ['before its start it is idle', 8, -1, 'idle'],
  ])('%s', (_name, hours, elapsed, state) => {
    expect(clockFace(clock(hours), START + elapsed).state).toBe(state)
  })

  // promise: D-13 D-15
  test('what is given is said by the letter, never from an evening to the next morning', () => {
    expect(givenMs(clock(8, { calendar: '24x7' }))).toBe(8 * HOUR)
    expect(givenMs(clock(0))).toBe(0)
    expect(givenMs(clock(4, { calendar: '7x8', is_at_once: true }))).toBe(0)
    expect(givenMs(clock(4.5, { calendar: '7x8' }))).toBeNull()
    expect(givenMs({ name: 'report', starts: null, due: null })).toBeNull()
  })

  test('met in time says how long it took; met late by how much', () => {
    expect(clockFace(clock(2, { met_at: at(START + 7 * MINUTE) }), START + HOUR)).toMatchObject({ state: 'met', ms: 7 * MINUTE })
    expect(clockFace(clock(2, { met_at: at(START + 2 * HOUR) }), START + 3 * HOUR).state).toBe('met')
    expect(clockFace(clock(2, { met_at: at(START + 2.5 * HOUR) }), START + 3 * HOUR)).toMatchObject({ state: 'late', ms: HOUR / 2 })
  })

  test('past due the needle stands beyond the due mark, and both on the scale', () => {
    for (const over of [MINUTE, HOUR, 8 * HOUR, 800 * HOUR]) {
      const face = clockFace(clock(8), START + 8 * HOUR + over)
      expect(face.share).toBeGreaterThan(face.due_share)
      expect(face.share).toBeLessThanOrEqual(1)
      expect(face.due_share).toBeGreaterThan(0)
    }
  })

  test.each([[8, 8], [2, 2], [24, 6], [0.5, 6], [1 / 3, 4], [12, 6], [1, 6], [72, 6]])('a term of %s h has %s divisions', (hours, divisions) => {
    expect(clockFace(clock(hours), START).divisions).toBe(divisions)
  })

  test('a clock without a due time is idle, whatever else it says', () => {
    expect(clockFace({ name: 'report', starts: null, due: null }, START).state).toBe('idle')
    expect(clockFace({ name: 'report', starts: 'nonsense', due: 'nonsense' }, START).state).toBe('idle')
  })

  test('an excused one is neither met nor missed', () => {
    expect(clockFace(clock(8, { state: 'excused' }), START + 9 * HOUR).state).toBe('excused')
  })

  test('an excuse given while it runs tells when it is over, offline too', () => {
    const excused = clock(8, { state: 'running', excused_by: 'e1' })
    expect(clockFace(excused, START + HOUR).state).toBe('run')
    expect(clockFace(excused, START + 8 * HOUR + 1).state).toBe('excused')
    expect(clockFace(clock(8, { excused_by: 'e1', met_at: at(START + HOUR) }), START + 9 * HOUR).state).toBe('met')
  })

  test('one that was stopped before it was due is neither running nor missed', () => {
    expect(clockFace(clock(8, { state: 'idle' }), START + 9 * HOUR).state).toBe('stopped')
  })
})

test('the engineer is shown the earliest clock that is hers: arriving, then resolving', () => {
  const clocks = [clock(2, { name: 'respond' }), clock(24, { name: 'resolve' }), clock(8)]
  expect(governing(clocks, false)?.name).toBe('arrive')
  expect(governing(clocks, true)?.name).toBe('resolve')
  expect(governing([clock(2, { name: 'respond' })], false)).toBeNull()
  expect(governing([clock(8, { excused_by: 'e1' }), clock(24, { name: 'resolve' })], false)?.name).toBe('resolve')
  expect(earliestDue([clock(8, { state: 'idle' }), clock(24, { name: 'resolve' })])).toBe(START + 24 * HOUR)
})

test('of several clocks of one name the earliest due is the line', () => {
  const lines = linesOf([clock(8, { clause: 'B-02' }), clock(1, { clause: 'X-01' }), clock(2, { name: 'respond' })])
  expect(lines.map((line) => [line.name, line.clause])).toEqual([['respond', undefined], ['arrive', 'X-01']])
})

test('the earliest due of the open ones', () => {
  expect(earliestDue([clock(8), clock(2, { met_at: at(START) }), { name: 'report' }])).toBe(START + 8 * HOUR)
  expect(earliestDue([])).toBeNull()
})
