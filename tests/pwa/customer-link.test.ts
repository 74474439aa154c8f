// @vitest-environment happy-dom
/* The customer's page: what she did stands there, however late an older look at the server is answered. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ask } from '@/api/client'
import { api, hear, load, token, view } from '@/link/use-link'

const held: { request: Request; answer: (state: string) => void }[] = []
const ANSWER = { id: '1', result: 'accepted', who: '叶雯', remarks: '' } as const

beforeEach(() => {
  held.length = 0
  token.value = 'hers'
  vi.stubGlobal('fetch', (request: Request) => new Promise<Response>((done) => {
    held.push({ request, answer: (state) => done(new Response(JSON.stringify({ state }), { headers: { 'Content-Type': 'application/json' } })) })
  }))
})
afterEach(() => vi.unstubAllGlobals())

it('an act is not undone on the screen by the answer to an older look', async () => {
  const look = load()
  const act = ask(api.POST('/api/link/answer', { body: ANSWER })).then(hear)
  await vi.waitFor(() => expect(held).toHaveLength(2))
  held[1]!.answer('accepted')
  await act
  held[0]!.answer('resolved')
  await look
  expect(view.value).toEqual({ state: 'accepted' })
})

it('of two looks the later one counts, in whatever order they are answered', async () => {
  const looks = [load(), load()]
  await vi.waitFor(() => expect(held).toHaveLength(2))
  held[1]!.answer('accepted')
  held[0]!.answer('resolved')
  await Promise.all(looks)
  expect(view.value).toEqual({ state: 'accepted' })
})
