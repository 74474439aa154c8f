// @vitest-environment happy-dom
/* The one typed client: whatever a request comes to is a value, and a name that the server does not know does not compile. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ask, clientOf, type Schema } from '@/api/client'
import { addressOf, api as desk, whenSignedOut } from '@/console/api'

let asked: Request[] = []
let answers: () => Promise<Response> | Response = () => new Response()
const api = clientOf(15_000)

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' } })
}

beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(request)
    return answers()
  })
})
afterEach(() => vi.unstubAllGlobals())

describe('an answer is a value', () => {
  it('is what the server said, asked with cookie and header', async () => {
    answers = () => json({ rows: [], next_cursor: null })
    const answer = await ask(api.GET('/api/customers', { params: { query: { q: '华府', limit: 20, cursor: undefined } } }))
    expect(answer).toEqual({ ok: true, value: { rows: [], next_cursor: null } })
    expect(new URL(asked[0]!.url).pathname + new URL(asked[0]!.url).search).toBe('/api/customers?q=%E5%8D%8E%E5%BA%9C&limit=20')
    expect([asked[0]!.headers.get('X-Fieldpledge'), asked[0]!.credentials]).toEqual(['1', 'same-origin'])
  })
  it('puts ids into the path, escaped', async () => {
    answers = () => json({})
    await ask(api.GET('/api/letters/{ref}', { params: { path: { ref: 'B@1/x' } } }))
    expect(new URL(asked[0]!.url).pathname).toBe('/api/letters/B%401%2Fx')
  })
  it('is nothing where there is nothing to say', async () => {
    answers = () => new Response(null, { status: 204 })
    expect(await ask(api.POST('/api/sign-out'))).toEqual({ ok: true, value: undefined })
  })
  it('is the problem with slug and faults', async () => {
    const faults = [{ path: '$.fields.name', message: { zh: '别人刚改过这一项。', en: 'Somebody changed it.' } }]
    answers = () => json({ type: '/problems/collision', title: 't', status: 409, detail: 'd', faults, current: { name: 'x' } }, 409)
    const answer = await ask(api.GET('/api/me'))
    expect(answer).toMatchObject({ ok: false, problem: { slug: 'collision', status: 409, title: 't', detail: 'd', faults, body: { current: { name: 'x' } } } })
  })
  it.each([
    ['a page of a gateway', () => new Response('<h1>Bad Gateway</h1>', { status: 502 }), 'http-502'],
    ['an empty refusal', () => new Response(null, { status: 500, headers: { 'Content-Length': '0' } }), 'http-500'],
    ['a hotel’s sign-in page', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } }), 'no-network'],
    ['an empty page', () => new Response('', { status: 200 }), 'no-network'],
    ['no network', () => Promise.reject(new TypeError('Failed to fetch')), 'no-network'],
    ['no answer in time', () => Promise.reject(new DOMException('', 'TimeoutError')), 'no-network'],
  ])('is a problem after %s', async (_what, came, slug) => {
    answers = came
    const answer = await ask(api.GET('/api/me'))
    expect(answer.ok ? null : answer.problem.slug).toBe(slug)
  })
})

describe('the console', () => {
  it('goes to the sign-in after a 401, but not for a wrong password', async () => {
    const out = vi.fn()
    whenSignedOut(out)
    answers = () => json({ type: '/problems/not-signed-in' }, 401)
    await ask(desk.POST('/api/sign-in', { body: { name: 'cleo', password: 'x' } }))
    expect(out).not.toHaveBeenCalled()
    await ask(desk.GET('/api/board'))
    expect(out).toHaveBeenCalledOnce()
  })
  it('links to files, empty filters left out', () => {
    expect(addressOf('/api/reports.csv', { query: { state: 'submitted', q: undefined, language: 'zh' } })).toBe('/api/reports.csv?state=submitted&language=zh')
    expect(addressOf('/api/reports/{report_id}/pdf', { path: { report_id: '0192' }, query: { language: 'en' } })).toBe('/api/reports/0192/pdf?language=en')
  })
})

/** Never run: `npm run check` fails where one of these lines would compile. */
export async function doesNotCompile(): Promise<void> {
  // @ts-expect-error an address that is none
  await api.GET('/api/customerz')
  // @ts-expect-error a path without its id
  await api.GET('/api/customers/{customer_id}')
  // @ts-expect-error another name in the path
  await api.GET('/api/customers/{customer_id}', { params: { path: { id: 'x' } } })
  // @ts-expect-error a filter that is none, beside one that is
  await api.GET('/api/customers', { params: { query: { q: 'x', limits: 3 } } })
  // @ts-expect-error a word that the state is not
  await api.GET('/api/work-orders', { params: { query: { state: 'done' } } })
  // @ts-expect-error a field of the body that is none, beside those that are needed
  await api.POST('/api/sign-in', { body: { name: 'a', password: 'b', more: 1 } })
  // @ts-expect-error a body that lacks a field
  await api.POST('/api/sign-in', { body: { name: 'a' } })
  const answer = await ask(api.GET('/api/work-orders/{work_order_id}', { params: { path: { work_order_id: 'x' } } }))
  if (!answer.ok) return
  const order: Schema<'WorkOrderDetail'> = answer.value
  // @ts-expect-error a field that the answer has not
  void order.symptoms
  // @ts-expect-error a field that may be null
  order.contact.name.trim()
  // @ts-expect-error deep inside what another slice adds
  void order.check_ins[0]?.server_verdict.distance
}
