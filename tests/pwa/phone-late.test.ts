// @vitest-environment happy-dom
/* A phone on a slow line: an answer that comes late leads her nowhere, undoes nothing, and leaves nothing running. */
import { createApp, defineComponent, nextTick, type App, type Component } from 'vue'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import { afterEach, expect, test, vi } from 'vitest'
import SignIn from '@/accounts/SignIn.vue'
import Frame from '@/app/App.vue'
import { checkSession, signIn, signInNeeded, signOut, user } from '@/app/session'
import { words } from '@/app/words'
import CameraShot from '@/device/CameraShot.vue'
import { createWords, type Words } from '@/ui/i18n'
import { useNextAction } from '@/visits/use-next-action'
import type { VisitSheet } from '@/visits/use-visit'
import { asked, holdAnswers, request, settled, soon } from './line'

const tap = vi.hoisted(() => ({ stored: () => {} }))
vi.mock('@/visits/actions', () => ({ check: () => new Promise<void>((stored) => { tap.stored = stored }), sitePoint: () => null }))

let app: App | undefined

holdAnswers()
afterEach(() => app?.unmount())

const ana = { user: { id: 'ana', name: '安娜', role: 'engineer', language: 'zh' } }
const ben = { user: { ...ana.user, id: 'ben' } }

async function shown(screen: Component, paths: Record<string, Component>, at: string): Promise<{ router: Router; page: HTMLElement }> {
  const router = createRouter({ history: createMemoryHistory(), routes: Object.entries(paths).map(([path, component]) => ({ path, component })) })
  await router.push(at)
  app = createApp(screen)
  app.use(words.i18n).use(router)
  const page = document.createElement('div')
  app.mount(page)
  await nextTick()
  return { router, page }
}
const everywhere = { '/:rest(.*)*': defineComponent(() => () => null) }

async function signedIn(body: typeof ana) {
  const nth = asked.filter((one) => one.path === '/api/sign-in').length
  const signing = signIn('x', 'y')
  ;(await request('/api/sign-in', nth)).answer(body)
  await signing
}

test('what the server said of the session before this one does not ask her to sign in again', async () => {
  const looking = checkSession()
  await signedIn(ana)
  ;(await request('/api/me')).answer({ type: '/problems/sign-in-needed' }, 401)
  await looking
  expect(signInNeeded.value).toBe(false)
})

test('signing out waits for no line, and signing in for the old session’s last answer', async () => {
  await signedIn(ana)
  await signOut()
  expect(user.value).toBeNull()
  const signing = signIn('x', 'y')
  await settled()
  expect(asked.filter((one) => one.path === '/api/sign-in')).toHaveLength(1)
  ;(await request('/api/sign-out')).answer(null, 204)
  ;(await request('/api/sign-in', 1)).answer(ben)
  await signing
  expect(user.value?.id).toBe('ben')
})

async function submitted(who: typeof ana, meanwhile: string): Promise<string> {
  app?.unmount()
  const { router, page } = await shown(SignIn, everywhere, '/sign-in')
  for (const field of page.querySelectorAll('input')) {
    field.value = 'x'
    field.dispatchEvent(new Event('input'))
  }
  const before = asked.length
  for (let tap = 0; tap < 2; tap++) page.querySelector('form')!.dispatchEvent(new Event('submit'))
  await soon(() => expect(asked.length).toBeGreaterThan(before))
  await router.push(meanwhile)
  expect(asked.slice(before).map((one) => one.path)).toEqual(['/api/sign-in'])
  asked[before]!.answer(who)
  await settled()
  return router.currentRoute.value.path
}

test('signed in again late, she stays where she works; another person starts at today', async () => {
  await signedIn(ana)
  expect(await submitted(ana, '/visits/1')).toBe('/visits/1')
  expect(await submitted(ben, '/visits/1')).toBe('/')
})

test('a check-in that is stored late leads her nowhere from where she has gone', async () => {
  const box: { act?: ReturnType<typeof useNextAction>['act'] } = {}
  const { router } = await shown(defineComponent(() => ((box.act = useNextAction().act), () => null)), everywhere, '/')
  const sheet = { visit: { id: '1' }, site: null } as unknown as VisitSheet
  const first = box.act!('check_in', sheet)
  await router.push('/week')
  tap.stored()
  await first
  expect(router.currentRoute.value.path).toBe('/week')
  const second = box.act!('check_in', sheet)
  tap.stored()
  await second
  expect(router.currentRoute.value.path).toBe('/visits/1/check-in')
})

test('each visit has its own screen, from one straight to the next', async () => {
  let made = 0
  const visit = defineComponent(() => { made += 1; return () => null })
  const { router } = await shown(Frame, { '/visits/:id': visit }, '/visits/1')
  await router.push('/visits/2')
  await nextTick()
  expect(made).toBe(2)
})

test('a camera that comes after it was closed does not stay on', async () => {
  let came = (_: MediaStream) => {}
  const stop = vi.fn()
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => new Promise<MediaStream>((done) => { came = done }) } })
  await shown(CameraShot, everywhere, '/')
  app!.unmount()
  app = undefined
  came({ getTracks: () => [{ stop }] } as unknown as MediaStream)
  await settled()
  expect(stop).toHaveBeenCalledOnce()
})

test('of two languages chosen the last one stays, however late the first one’s words come', async () => {
  let came = (_: Words) => {}
  const { i18n, useLanguage } = createWords({}, () => new Promise<Words>((done) => { came = done }))
  const english = useLanguage('en')
  await useLanguage('zh-CN')
  came({})
  await english
  expect([i18n.global.locale.value, localStorage.getItem('fp.language')]).toEqual(['zh-CN', 'zh-CN'])
})
