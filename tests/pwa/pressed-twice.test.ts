/* What is pressed while the screen is a moment behind: decided from what is kept, done once. Real store, fake IndexedDB. */
import 'fake-indexeddb/auto'
import type { Fields } from '@fieldpledge/sync-client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { closeData, data, openData } from '@/app/data'
import type { Finding } from '@/app/records'
import { addFinding, correctSolved, pickOutcome, solvedOf, startReport } from '@/reports/actions'
import { SAME_HAND_MS, usePress } from '@/ui/press'
import { sheetOf, type VisitSheet } from '@/visits/use-visit'

vi.hoisted(() => {
  vi.stubGlobal('location', { origin: 'https://here.test' })
  vi.stubGlobal('localStorage', { getItem: () => null })
})
const ANA = '0198a000-0000-7000-8000-000000000001'
const [VISIT, ORDER, ASSET, OTHER] = ['v', 'wo', 'a1', 'a2']

async function pulled(kind: string, id: string, fields: Fields) {
  await data().context.store.write(['rows'], (tx) =>
    tx.put('rows', { key: `${kind}/${id}`, kind, id, rev: 1, keys: [], buckets: ['b'], detached: 0, sealed: data().context.seal.seal(fields) }),
  )
}
const now = async () => (await sheetOf(data(), VISIT)) as VisitSheet

beforeEach(async () => {
  await openData(ANA)
  await pulled('visit', VISIT, { work_order_id: ORDER, state: 'on_site', engineer_ids: [ANA], lead_id: ANA })
  await pulled('work_order', ORDER, { customer_id: 'c', site_id: 's', symptom: '开不了机', asset_ids: [ASSET], letters: [], gates: [], entitlement: {} })
})
afterEach(async () => {
  await data().wipe((await data().counts()).unsent)
  await closeData()
})

describe('on a screen that has not caught up', () => {
  test('work is begun once: one report, one finding', async () => {
    const shown = await now()
    await Promise.all([startReport(shown), startReport(shown)])
    await startReport(shown)
    expect(await data().all('report')).toHaveLength(1)
    expect(await data().all('finding')).toHaveLength(1)
  })

  test('an asset gets one finding', async () => {
    await startReport(await now())
    const shown = await now()
    await Promise.all([addFinding(shown, OTHER), addFinding(shown, OTHER)])
    expect((await data().all<Finding>('finding')).map((one) => one.fields.asset_id)).toEqual([ASSET, OTHER])
  })

  test('fixed, pressed twice, says once when it worked; taken back at once, it says so no more', async () => {
    await startReport(await now())
    const shown = await now()
    await Promise.all([pickOutcome(shown, shown.findings[0]!, 'fixed'), pickOutcome(shown, shown.findings[0]!, 'fixed')])
    expect((await now()).log.filter((entry) => entry.what === 'solved')).toHaveLength(1)
    await pickOutcome(shown, shown.findings[0]!, 'not_fixed')
    expect(solvedOf(await now())).toBeNull()
    expect((await now()).findings[0]!.outcome).toBe('not_fixed')
  })

  test('of two corrections of the time the last one stands alone', async () => {
    await startReport(await now())
    await pickOutcome(await now(), (await now()).findings[0]!, 'fixed')
    const shown = await now()
    await Promise.all([correctSolved(shown, '2026-11-23T07:10:00.000Z'), correctSolved(shown, '2026-11-23T07:20:00.000Z')])
    const standing = (await now()).log.filter((entry) => entry.what === 'solved' && !entry.voided_at)
    expect(standing.map((entry) => entry.at)).toEqual(['2026-11-23T07:20:00.000Z'])
  })
})

describe('a second tap of the same hand', () => {
  beforeEach(() => { vi.useFakeTimers() })
  afterEach(() => { vi.useRealTimers() })

  test('is no press, neither while the first is under way nor on the button that took its place', async () => {
    const [here, next] = [usePress(), usePress()]
    const done: string[] = []
    let end = () => {}
    const first = here.press(() => new Promise<void>((resolve) => { end = () => { done.push('depart'); resolve() } }))
    await here.press(() => done.push('depart again'))
    end()
    await first
    await next.press(() => done.push('check in'))
    expect([done, next.busy.value]).toEqual([['depart'], true])
    vi.advanceTimersByTime(SAME_HAND_MS)
    await next.press(() => done.push('check in'))
    expect(done).toEqual(['depart', 'check in'])
    vi.advanceTimersByTime(SAME_HAND_MS)
  })

  test('may come again after a press that failed', async () => {
    const { busy, press } = usePress()
    await expect(press(() => Promise.reject(new Error('no room')))).rejects.toThrow('no room')
    vi.advanceTimersByTime(SAME_HAND_MS)
    expect(busy.value).toBe(false)
  })
})
