// @vitest-environment happy-dom
/* The way out of the phone app: at once, without a word from the server, and no screen reads a database that is shut. */
import 'fake-indexeddb/auto'
import { createApp, defineComponent, nextTick } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { afterEach, expect, test, vi } from 'vitest'
import MeShow from '@/accounts/MeShow.vue'
import { isOpen, openData } from '@/app/data'
import { signIn, user } from '@/app/session'
import { words } from '@/app/words'
import { soon } from './line'

afterEach(() => vi.unstubAllGlobals())

test('signed out before the server has heard of it, and nothing on the screen breaks on the way', async () => {
  const asked: string[] = []
  const ana = { user: { id: 'ana', name: '安娜', role: 'engineer', language: 'zh' } }
  vi.stubGlobal('fetch', (request: Request) => {
    const path = new URL(request.url).pathname
    asked.push(path)
    return path === '/api/sign-in' ? Promise.resolve(new Response(JSON.stringify(ana), { headers: { 'Content-Type': 'application/json' } })) : new Promise(() => {})
  })
  await signIn('x', 'y')
  const local = await openData('ana')
  const broken = vi.fn()
  const screen = defineComponent(() => () => null)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/me', component: MeShow }, { path: '/:rest(.*)*', component: screen }] })
  await router.push('/me')
  const app = createApp(defineComponent({ template: '<RouterView />' }))
  app.config.errorHandler = broken
  app.use(words.i18n).use(router).mount(document.body.appendChild(document.createElement('div')))
  const press = async (text: RegExp) => {
    await soon(() => expect([...document.querySelectorAll('button')].some((one) => text.test(one.textContent))).toBe(true))
    ;[...document.querySelectorAll('button')].findLast((one) => text.test(one.textContent))!.click()
    await nextTick()
  }
  await press(/退出/)
  await soon(() => expect(document.querySelectorAll('[role=dialog]').length).toBeGreaterThan(0))
  await press(/退出/)
  await soon(() => expect(router.currentRoute.value.path).toBe('/sign-in'))
  await soon(() => expect(isOpen(local)).toBe(false))
  expect([user.value, asked.at(-1)]).toEqual([null, '/api/sign-out'])
  expect(broken).not.toHaveBeenCalled()
  app.unmount()
})
