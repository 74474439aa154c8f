/* The lock of the phone in a customer's hand: on the disk as it is in memory, whatever she is shown. */
import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { openKept } from '@/device/kept'
import { handOver, handover, noteSigned, recallHandover, takeBack, type Handover } from '@/reports/handover'

const held: Handover = {
  visitId: 'v', reportId: '', signatureId: 'a', document_sha256: 'ff', frozen_at: '2026-11-23T07:00:00.000Z', version: 1, isSigned: false,
  acknowledges: [{ about: 'user_damage_notice', id: 'a' }], language: 'zh-CN',
}

async function restarted(): Promise<Handover | null> {
  await openKept()
  recallHandover()
  return handover.value
}

test('a phone that dies in the customer\'s hand knows what she was shown, and that she has signed', async () => {
  await openKept()
  await handOver(held)
  expect(await restarted()).toEqual(held)
  await noteSigned()
  expect(await restarted()).toEqual({ ...held, isSigned: true })
  await takeBack()
  expect(await restarted()).toBeNull()
})
