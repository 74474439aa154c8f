// @vitest-environment happy-dom
/* The queue of reports on a slow line: what is said is said of the report on the screen, once, and she stays where she is. */
import { createApp, nextTick, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import ReportReview from '@/console/reports/ReportReview.vue'
import { words } from '@/console/words'

vi.mock('@/console/reports/ReportText.vue', () => ({ default: { render: () => null } }))
vi.mock('@/console/reports/ReportEvidence.vue', () => ({ default: { render: () => null } }))
vi.mock('@/console/workorders/WorkOrderPays.vue', () => ({ default: { render: () => null } }))
vi.mock('@/console/ui/changes', () => ({ whenChanged: () => undefined }))

let asked: { what: string; answer: (body: unknown) => void; isAnswered: boolean }[] = []
let app: App
let page: HTMLElement
const queue = ['one', 'two', 'three']

const row = (id: string) => ({ id, customer_name: id, site_name: '', engineer_name: '', submitted_at: null, flags: [] })
const detail = (id: string) => ({ report: { id, work_order_id: id }, view: { added: { number: id, state: 'submitted' }, signed: { short_ref: id } }, may: { approve: true, return: true } })
const rows = (...ids: string[]) => ({ rows: ids.map(row), next_cursor: null })

beforeEach(async () => {
  asked = []
  vi.stubGlobal('fetch', (request: Request) => new Promise<Response>((done) => {
    const one = { what: `${request.method} ${new URL(request.url).pathname}`, isAnswered: false, answer: (body: unknown) => ((one.isAnswered = true), done(new Response(JSON.stringify(body), { status: 200, headers: { 'Content-Type': 'application/json' } }))) }
    asked.push(one)
  }))
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  await router.push('/reports')
  app = createApp(ReportReview)
  app.use(words.i18n).use(router)
  app.mount((page = document.createElement('div')))
  await answer('GET /api/reports', rows(...queue))
  await answer('GET /api/reports/one', detail('one'))
})
afterEach(() => {
  app.unmount()
  vi.unstubAllGlobals()
})

/** The oldest question of this kind that waits gets its answer. */
async function answer(what: string, body: unknown): Promise<void> {
  const waits = () => asked.find((one) => one.what === what && !one.isAnswered)
  await expect.poll(() => waits()).toBeDefined()
  waits()!.answer(body)
  await new Promise((done) => setTimeout(done, 5))
}
async function press(key: string): Promise<void> {
  document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
  await nextTick()
}
const chosen = () => page.querySelector('.q-row.on')?.textContent.trim()
const approvals = () => asked.filter((one) => one.what.endsWith('/approve')).map((one) => one.what.split('/')[3])

test('A pressed again while the approval is on its way approves nothing else', async () => {
  await press('a')
  await press('a')
  expect(approvals()).toEqual(['one'])
  await answer('POST /api/reports/one/approve', {})
  await answer('GET /api/reports', rows('two', 'three'))
  expect(chosen()).toMatch(/^two/)
  expect(page.querySelector('.text')?.hasAttribute('inert')).toBe(true) // the report before still stands there
  await press('a')
  expect(approvals()).toEqual(['one'])
  await answer('GET /api/reports/two', detail('two'))
  expect(page.querySelector('.text')?.hasAttribute('inert')).toBe(false)
  await press('a')
  expect(approvals()).toEqual(['one', 'two'])
})

test('who reads on while an approval is on its way is not fetched back', async () => {
  await press('a')
  await press('j')
  await press('j')
  await answer('GET /api/reports/three', detail('three'))
  await answer('POST /api/reports/one/approve', {})
  await answer('GET /api/reports', rows('two', 'three'))
  expect(chosen()).toMatch(/^three/)
  expect(page.querySelector('[role=status]')?.textContent).toContain('one')
})
