// A missed clock asks why until somebody has said it, on this phone or elsewhere; a kept, running or excused one does not.
import { expect, test } from 'vitest'
import { withoutReason } from '@/workorders/missed'

const START = Date.parse('2026-11-20T06:00:00.000Z')
const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString()
const arrive = { name: 'arrive' as const, clause: 'D-13', starts: at(0), due: at(30), met_at: null, state: 'running', missed_reason: '' }
const said = (data: Record<string, unknown>, voided_at: string | null = null) => ({ what: 'missed_reason', voided_at, data })
const asks = (clock: object, log: Parameters<typeof withoutReason>[1] = [], minutes = 40) =>
  withoutReason([{ ...arrive, ...clock }], log, START + minutes * 60_000).length === 1

test('over and not met, or met late', () => {
  expect(asks({}, [], 30)).toBe(false)
  expect(asks({}, [], 31)).toBe(true)
  expect(asks({ met_at: at(30), state: 'met' })).toBe(false)
  expect(asks({ met_at: at(31), state: 'missed' })).toBe(true)
})

test.each([[{ state: 'excused' }], [{ excused_by: 'x' }], [{ state: 'idle' }], [{ missed_reason: '封路', met_at: at(31) }]])(
  'not when %o',
  (clock) => expect(asks(clock)).toBe(false),
)

test('not when it is said on this phone already, of this clock and clause', () => {
  expect(asks({}, [said({ clock: 'arrive', clause: 'D-13' })])).toBe(false)
  expect(asks({}, [said({ clock: 'arrive' })])).toBe(false)
  expect(asks({}, [said({ clock: 'resolve' })])).toBe(true)
  expect(asks({}, [said({ clock: 'arrive', clause: 'B-02' })])).toBe(true)
  expect(asks({}, [said({ clock: 'arrive' }, at(41))])).toBe(true)
})
