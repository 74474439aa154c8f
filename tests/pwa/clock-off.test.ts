import { describe, expect, test } from 'vitest'
import { clockOff, timeOf } from '@/ui/clock-off'

const YEAR_MS = 365 * 86_400_000

describe('a wrong clock', () => {
  test.each([
    ['unknown', null, null],
    ['right', 0, null],
    ['ten minutes', 600_000, null],
    ['a millisecond more', 600_001, { way: 'slow', by_ms: 600_001 }],
    ['set back a year', YEAR_MS, { way: 'slow', by_ms: YEAR_MS }],
    ['set on a year', -YEAR_MS, { way: 'fast', by_ms: YEAR_MS }],
  ] as const)('%s', (_name, offset, said) => {
    expect(clockOff(offset)).toEqual(said)
  })

  const entry = { at: '2025-11-20T02:00:00.000Z', corrected_at: '2026-11-20T02:00:00.000Z', quality: 'good', source: 'phone' }
  test.each([
    ['a year back, corrected', entry, { said: entry.at, unsure: null }],
    ['never heard the server', { ...entry, corrected_at: entry.at, quality: 'poor' }, { said: null, unsure: 'poor' }],
    ['long ago', { ...entry, at: entry.corrected_at, quality: 'fair' }, { said: null, unsure: 'fair' }],
    ['typed in at the desk for yesterday', { ...entry, source: 'office', quality: 'server' }, { said: null, unsure: null }],
  ])('at the entry: %s', (_name, one, said) => {
    expect(timeOf(one)).toEqual(said)
  })
})
