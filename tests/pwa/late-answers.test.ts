// @vitest-environment happy-dom
/* A desk on a slow line: an answer that comes late changes nothing that she has done since, and leads her nowhere. */
import { createApp, defineComponent, nextTick, type App, type Component } from 'vue'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import { afterEach, expect, test } from 'vitest'
import LetterInstall from '@/console/letters/LetterInstall.vue'
import EditField from '@/console/ui/EditField.vue'
import { keepDraft, keptDraft } from '@/console/ui/desk-draft'
import { useRecord } from '@/console/ui/use-record'
import { words } from '@/console/words'
import { useIntake } from '@/console/workorders/use-intake'
import { newest, useOnward } from '@/ui/late'
import { holdAnswers, request, settled } from './line'

let app: App | undefined

holdAnswers()
afterEach(() => app?.unmount())

async function shown(screen: Component, props: Record<string, unknown> = {}, path = '/here'): Promise<{ router: Router; page: HTMLElement }> {
  const other = defineComponent(() => () => 'elsewhere')
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: other }] })
  await router.push(path)
  app = createApp(screen, props)
  app.use(words.i18n).use(router)
  const page = document.createElement('div')
  app.mount(page)
  await nextTick()
  return { router, page }
}
/** A composable as a component has it. */
async function used<T>(compose: () => T): Promise<{ value: T; router: Router }> {
  const box: { value?: T } = {}
  const { router } = await shown(defineComponent(() => ((box.value = compose()), () => null)))
  return { value: box.value as T, router }
}
const button = (page: HTMLElement, text: RegExp) => [...page.querySelectorAll('button')].find((one) => text.test(one.textContent))!
function type(field: HTMLTextAreaElement | HTMLInputElement, text: string): void {
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

test('of two questions the first one’s answer, coming last, is none', async () => {
  const last = newest()
  let late: (text: string) => void = () => undefined
  const first = last(new Promise<string>((done) => (late = done)))
  expect(await last(Promise.resolve('second'))).toBe('second')
  late('first')
  expect(await first).toBeUndefined()
})

test('an answer leads on, unless she has gone elsewhere or is about to', async () => {
  const { value: onward, router } = await used(useOnward)
  const goOn = onward()
  expect(await goOn('/done')).toBe(true)
  expect(router.currentRoute.value.path).toBe('/done')
  const late = onward()
  let arrive: () => void = () => undefined
  router.beforeResolve(() => new Promise<void>((done) => (arrive = done)))
  const leaving = router.push('/board') // its page is still on its way
  await settled()
  expect(await late('/done')).toBe(false)
  arrive()
  await leaving
  expect(await late('/done')).toBe(false)
  expect(router.currentRoute.value.path).toBe('/board')
})

test('a record read twice shows what was read last, whichever answer comes last', async () => {
  const answers: ((value: string) => void)[] = []
  const { value } = await used(() => useRecord(() => new Promise<{ ok: true; value: string }>((done) => answers.push((text) => done({ ok: true, value: text })))))
  const again = value.load()
  answers[1]!('after')
  await again
  answers[0]!('before')
  await settled()
  expect(value.record.value).toBe('after')
})

const LETTER = { ref: 'W@1', title: { zh: '冷库', en: 'Cold' }, in_force_from: '2026-01-01', clauses: [] }

async function checked(text: string) {
  const screen = await shown(LetterInstall)
  const area = screen.page.querySelector('textarea')!
  type(area, text)
  await nextTick()
  button(screen.page, /检查/).click()
  ;(await request('/api/letters/check')).answer({ letter: LETTER, faults: [] })
  await expect.poll(() => button(screen.page, /安装为/)).toBeTruthy()
  return { ...screen, area }
}

test('a letter installed late does not fetch her back, and leaves the next file that she is writing', async () => {
  const { page, router } = await checked('version: 1')
  button(page, /安装为/).click()
  const installing = await request('/api/letters')
  await router.push('/letters')
  keepDraft('letter-install', { text: 'version: 2' })
  installing.answer({ ref: 'W@1' })
  await settled()
  expect(router.currentRoute.value.path).toBe('/letters')
  expect(keptDraft('letter-install')).toEqual({ text: 'version: 2' })
})

test('a letter installed while she waits is shown, and its draft is done with', async () => {
  const { page, router } = await checked('version: 1')
  button(page, /安装为/).click()
  ;(await request('/api/letters')).answer({ ref: 'W@1' })
  await expect.poll(() => router.currentRoute.value.path).toBe('/letters/W@1')
  expect(keptDraft('letter-install')).toBeNull()
})

test('what is said of a file is not said of the text that she has typed since', async () => {
  const { page, area } = await checked('version: 1')
  button(page, /检查/).click()
  const checking = await request('/api/letters/check', 1)
  type(area, 'version: 2')
  await nextTick()
  checking.answer({ letter: LETTER, faults: [] })
  await settled()
  expect(button(page, /安装为/)).toBeUndefined()
})

test('words typed while a field is being saved stay, against what was saved', async () => {
  const saves: { edit: unknown; done: (answer: { ok: true; value: null }) => void }[] = []
  const save = (edit: unknown) => new Promise((done) => saves.push({ edit, done }))
  const { page } = await shown(EditField, { label: '现场须知', of: 'site-1', field: 'notes', value: '东门', save, may: true })
  page.querySelector('button')!.click()
  await nextTick()
  const field = page.querySelector('input')!
  type(field, '东门进')
  page.querySelector('form')!.requestSubmit()
  await expect.poll(() => saves).toHaveLength(1)
  type(field, '东门进，找保安')
  saves[0]!.done({ ok: true, value: null })
  await settled()
  expect(page.querySelector('input')?.value).toBe('东门进，找保安')
  expect(keptDraft('site-1#notes')).toEqual({ text: '东门进，找保安', seen: '东门进' })
  page.querySelector('form')!.requestSubmit()
  await expect.poll(() => saves).toHaveLength(2)
  expect(saves[1]!.edit).toEqual({ base: { notes: '东门进' }, fields: { notes: '东门进，找保安' } })
  saves[1]!.done({ ok: true, value: null })
  await expect.poll(() => page.querySelector('input')).toBeNull()
  expect(keptDraft('site-1#notes')).toBeNull()
})

const customer = (id: string) => ({ id, name: id, sites: [{ id: `${id}-site`, name: '现场' }], assets: [], contacts: [], contracts: [], work_orders: [] })

test('at intake the customer chosen last is hers, whoever’s file comes last', async () => {
  const { value: intake } = await used(useIntake)
  for (const id of ['slow', 'quick']) {
    intake.form.customer_id = id
    void intake.chooseCustomer(id)
  }
  ;(await request('/api/customers/quick')).answer(customer('quick'))
  await expect.poll(() => intake.customer.value?.id).toBe('quick')
  ;(await request('/api/customers/slow')).answer(customer('slow'))
  await settled()
  expect([intake.customer.value?.id, intake.form.site_id]).toEqual(['quick', 'quick-site'])
})

test('a caller’s number found late does not take the place of the customer she chose herself', async () => {
  const { value: intake } = await used(useIntake)
  intake.form.caller_phone = '138 8205 2046'
  const finding = intake.findByPhone()
  const search = await request('/api/search')
  intake.form.customer_id = 'hers'
  search.answer({ rows: [{ kind: 'contact', id: 'c', customer_id: 'found', site_id: 's', title: '叶雯' }] })
  await finding
  expect([intake.form.customer_id, intake.form.caller_name]).toEqual(['hers', ''])
})

test('a call saved late leaves the draft of the next one', async () => {
  const { value: intake } = await used(useIntake)
  intake.form.symptom = '第一通'
  await nextTick()
  const next = JSON.stringify({ ...intake.form, symptom: '第二通' })
  localStorage.setItem('fp.console.intake', next) // typed in the form opened anew
  app?.unmount()
  app = undefined
  intake.forget()
  await settled()
  expect(localStorage.getItem('fp.console.intake')).toBe(next)
})
