// @vitest-environment happy-dom
/* The customer's page on a slow line: what she did stands there, on its own job's page, as what she said by it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ask } from '@/api/client'
import { useKept } from '@/link/kept'
import { useAct } from '@/link/use-act'
import { api, hear, load, token, view, type View } from '@/link/use-link'
import { soon } from './line'

const held: { request: Request; answer: (state: string) => void; lose: () => void }[] = []
const ANSWER = { id: '1', result: 'accepted', who: '叶雯', remarks: '' } as const
const job = (number: string, state: string) => ({ number, state }) as unknown as View

beforeEach(() => {
  held.length = 0
  localStorage.clear()
  token.value = 'hers'
  view.value = job('WO-1', 'resolved')
  vi.stubGlobal('fetch', (request: Request) => new Promise<Response>((done, fail) => {
    const answer = (state: string) => done(new Response(JSON.stringify({ state }), { headers: { 'Content-Type': 'application/json' } }))
    held.push({ request: request.clone(), answer, lose: () => fail(new TypeError('lost')) })
  }))
})
afterEach(() => vi.unstubAllGlobals())
const asked = (nth: number) => soon(() => held[nth] ?? Promise.reject(new Error('not asked yet')))

function answering() {
  const kept = useKept('answer', () => ({ result: 'accepted' as 'accepted' | 'rejected', who: '叶雯', remarks: '' }))
  const { run } = useAct(kept)
  const send = () => run(ask(api.POST('/api/link/answer', { body: { id: kept.form.id, result: kept.form.result, who: kept.form.who, remarks: kept.form.remarks } })))
  return { form: kept.form, send }
}

it('an act is not undone on the screen by the answer to an older look', async () => {
  const look = load()
  const act = ask(api.POST('/api/link/answer', { body: ANSWER })).then(hear)
  await soon(() => expect(held).toHaveLength(2))
  held[1]!.answer('accepted')
  await act
  held[0]!.answer('resolved')
  await look
  expect(view.value).toEqual({ state: 'accepted' })
})

it('of two looks the later one counts, in whatever order they are answered', async () => {
  const looks = [load(), load()]
  await soon(() => expect(held).toHaveLength(2))
  held[1]!.answer('accepted')
  held[0]!.answer('resolved')
  await Promise.all(looks)
  expect(view.value).toEqual({ state: 'accepted' })
})

it('an answer to one job is not shown on the page of the next, and is no draft any more', async () => {
  const { form, send } = answering()
  form.remarks = '好了'
  const sending = send()
  token.value = 'another'
  view.value = job('WO-2', 'resolved')
  ;(await asked(0)).answer('accepted')
  await sending
  expect(view.value).toEqual(job('WO-2', 'resolved'))
  expect(localStorage.getItem('fp.c.WO-1.answer')).toBeNull()
})

it('sent again as it is it is the same act; changed after it went, perhaps without arriving, it is another', async () => {
  const { form, send } = answering()
  for (const nth of [0, 1]) {
    const sending = send()
    ;(await asked(nth)).lose()
    await sending
  }
  Object.assign(form, { result: 'rejected', remarks: '还是不亮' })
  const sending = send()
  ;(await asked(2)).answer('resolved')
  await sending
  const [first, again, changed] = await Promise.all(held.map(async ({ request }) => ((await request.json()) as { id: string }).id))
  expect(again).toBe(first)
  expect(changed).not.toBe(first)
})
