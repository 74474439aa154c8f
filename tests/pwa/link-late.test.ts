// @vitest-environment happy-dom
/* The customer's page on a slow line: each answer belongs to its own job, each act to what she said by it. */
import { beforeEach, expect, test, vi } from 'vitest'
import { ask } from '@/api/client'
import { useKept } from '@/link/kept'
import { useAct } from '@/link/use-act'
import { api, token, view, type View } from '@/link/use-link'

/** Requests on their way, answered by the test when it likes. */
let asked: { method: string; body: Promise<{ id: string }>; answer: (body: unknown, status?: number) => void; lose: () => void }[] = []
const job = (number: string, may_answer: boolean) => ({ number, may_answer, reports: [], steps: [] }) as unknown as View

beforeEach(() => {
  asked = []
  localStorage.clear()
  token.value = 'abc'
  view.value = job('WO-1', true)
  vi.stubGlobal('fetch', (request: Request) => new Promise<Response>((done, fail) => {
    const answer = (body: unknown, status = 200) => done(new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } }))
    asked.push({ method: request.method, body: request.method === 'POST' ? request.clone().json() : Promise.resolve({ id: '' }), answer, lose: () => fail(new TypeError('lost')) })
  }))
})

function form() {
  const kept = useKept('answer', () => ({ result: '' as '' | 'accepted' | 'rejected', who: '', remarks: '' }))
  const { run, state } = useAct(kept)
  const send = () => run(ask(api.POST('/api/link/answer', { body: { id: kept.form.id, result: kept.form.result || 'accepted', who: kept.form.who, remarks: kept.form.remarks } })))
  return { ...kept, state, send }
}
const request = (nth: number) => vi.waitFor(() => asked[nth] ?? Promise.reject(new Error('not asked yet')))

test('an answer to one job is not shown on the page of the next, and is no draft any more', async () => {
  const { send, form: said } = form()
  Object.assign(said, { result: 'accepted', who: 'Eve' })
  const sending = send()
  token.value = 'def'
  view.value = job('WO-2', true)
  ;(await request(0)).answer(job('WO-1', false))
  await sending
  expect(view.value.number).toBe('WO-2')
  expect(localStorage.getItem('fp.c.WO-1.answer')).toBeNull()
})

test('sent again as it is it is the same act; changed after it went, perhaps without arriving, it is another', async () => {
  const { form: said, send } = form()
  Object.assign(said, { result: 'accepted', who: 'Eve' })
  for (const nth of [0, 1]) {
    const sending = send()
    ;(await request(nth)).lose()
    await sending
  }
  Object.assign(said, { result: 'rejected', remarks: '还是不亮' })
  const sending = send()
  ;(await request(2)).answer(job('WO-1', false))
  await sending
  const [first, again, changed] = await Promise.all(asked.map(async (one) => (await one.body).id))
  expect(again).toBe(first)
  expect(changed).not.toBe(first)
})
