/* Amounts as people read them, and where a fact that a decision lacks is entered. */
import { expect, test } from 'vitest'
import { moneyText } from '@/ui/money'
import { placesOf } from '@/console/workorders/missing-places'
import { paysHeadline } from '@/workorders/pays-headline'

test.each([
  ['0.00', 'CNY', '¥0.00'],
  ['1234567.50', 'CNY', '¥1,234,567.50'],
  ['999.00', 'CNY', '¥999.00'],
  ['1500', 'JPY', '1,500 JPY'],
])('an amount %s %s is read as %s', (amount, currency, text) => {
  expect(moneyText({ amount, currency })).toBe(text)
})

test('each missing fact leads to the field where it is entered', () => {
  const around = { customerId: 'c', assetIds: ['a', 'b'], workOrderId: 'w' }
  const paths = ['$.asset.accepted_on', '$.customer.training_completed', '$.request.product_price', '$.letters', '$.out_of_service[0].reason']
  expect(placesOf(paths, around)).toEqual([
    { key: 'asset_accepted_on', to: { path: '/assets/a', query: { edit: 'accepted_on' } } },
    { key: 'customer_training_completed', to: { path: '/customers/c', query: { edit: 'training_completed' } } },
    { key: 'request_product_price', to: { path: '/work-orders/w', query: { edit: 'product_price' } } },
    { key: 'letters', to: { path: '/assets/a', query: { edit: 'contract_id' } } },
    { key: 'out_of_service_reason', to: { path: '/assets/a', query: { edit: 'reason' } } },
  ])
})

test('before there is an asset or a work order there is nothing to open', () => {
  expect(placesOf(['$.asset.brand', '$.request.priority'], { customerId: 'c' }).map((one) => one.to)).toEqual([null, null])
  expect(placesOf(['$.letters'], { customerId: 'c' }).map((one) => one.to)).toEqual([{ path: '/customers/c' }])
})

test.each([
  ['covered', '2027-06-18', 'covered_until 2027-06-18'],
  ['covered', '2026-11-23', 'covered_until 2026-11-23'],
  ['covered', '2026-11-22', 'covered'],
  ['chargeable', '2026-11-22', 'ended chargeable 2026-11-22'],
  ['chargeable', '2026-11-23', 'charged_until chargeable 2026-11-23'],
  ['at_cost', null, 'at_cost'],
  ['undecided', '2025-01-01', 'undecided'],
  ['suspended', '2025-01-01', 'suspended'],
])('%s with a warranty until %s on 2026-11-23 reads %s', (status, warranty_end, words) => {
  const t = (key: string, values: Record<string, unknown> = {}) => [key, ...Object.values(values)].join(' ').replaceAll('entitlement.', '')
  expect(paysHeadline({ status, warranty_end }, '2026-11-23', t)).toBe(words)
})
