/* Where the office mends what is still missing: a record of its own, a part of the page, or nowhere but on the phone. */
import { expect, test } from 'vitest'
import { placeOf } from '@/console/workorders/gate-places'

test.each([
  ['fault_report', { kind: 'report', id: 'r' }, { to: { path: '/reports', query: { id: 'r' } } }],
  ['fault_report', { kind: 'work_order', id: 'w' }, { part: 'reports' }],
  ['customer_acceptance', {}, { part: 'log-add' }],
  ['onsite_required', { kind: 'work_order', id: 'w' }, { part: 'visits' }],
  ['quote_above_ceiling', { kind: 'work_order', id: 'w' }, { to: { path: '/work-orders/w', query: { edit: 'upgrade_quote' } } }],
  ['backup_notice', { kind: 'work_order', id: 'w' }, null],
])('%s leads to where it is mended', (gate, link, place) => {
  expect(placeOf({ gate, link } as Parameters<typeof placeOf>[0])).toEqual(place)
})
