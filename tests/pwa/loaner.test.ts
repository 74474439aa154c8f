// A stand-in machine as the phone's own log says it, before the server has heard of it.
import { expect, test } from 'vitest'
import { loanerOf } from '@/workorders/loaner'

const OWED = [{ what: 'loaner', state: 'open' }]
const line = (what: string, minute: number, data = {}, voided_at: string | null = null) => ({ what, at: `2026-11-20T06:${String(minute).padStart(2, '0')}:00.000Z`, voided_at, data })
const OUT = line('loaner_handed_out', 10, { loaner: 'E300 TF21', to: '黄志伟' })

test('owed, lent, back', () => {
  expect(loanerOf(OWED, [])).toMatchObject({ state: 'open' })
  expect(loanerOf(OWED, [OUT])).toEqual({ state: 'handed_out', loaner: 'E300 TF21', to: '黄志伟', at: OUT.at })
  expect(loanerOf(OWED, [OUT, line('loaner_returned', 20)])).toMatchObject({ state: 'returned', loaner: 'E300 TF21' })
})

test('lent again after it came back, in whatever order the lines came', () => {
  const again = line('loaner_handed_out', 30, { loaner: 'E310', to: '何晓' })
  expect(loanerOf(OWED, [again, line('loaner_returned', 20), OUT])).toMatchObject({ state: 'handed_out', loaner: 'E310' })
})

test('a line taken back does not count; nothing where none is owed; what was lent is shown though none is owed any more', () => {
  expect(loanerOf(OWED, [{ ...OUT, voided_at: OUT.at }])).toMatchObject({ state: 'open' })
  expect(loanerOf([], [])).toBeNull()
  expect(loanerOf([{ what: 'loaner', state: 'not_needed' }], [])).toBeNull()
  expect(loanerOf([{ what: 'loaner', state: 'not_needed' }], [OUT])).toMatchObject({ state: 'handed_out' })
})
