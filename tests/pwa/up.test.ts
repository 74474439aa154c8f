/* The arrow at the top left: from anywhere it ends at today, never in circles. */
import { expect, test } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { up, upToList } from '@/app/up'

const screen = { template: '' }
const at = (...walk: string[]) => async () => {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: screen }] })
  for (const path of walk) await router.push(path)
  return router
}

test.each([
  ['through the report and back', at('/', '/visits/1', '/visits/1/report')],
  ['into the report again and again', at('/', '/visits/1', '/visits/1/report', '/sync', '/visits/1/report')],
  ['after a kill in the report', at('/visits/1/report')],
  ['from the week', at('/week', '/visits/1', '/visits/1/report')],
])('%s: two steps up are enough', async (_, walk) => {
  const router = await walk()
  up(router, '/visits/1')
  await expect.poll(() => router.currentRoute.value.path).toBe('/visits/1')
  upToList(router)
  await expect.poll(() => router.currentRoute.value.path).toMatch(/^\/(week)?$/)
})

test('a visit chosen from a search goes back to what was searched', async () => {
  const router = await at('/', '/search?q=1', '/visits/1')()
  upToList(router)
  await expect.poll(() => router.currentRoute.value.fullPath).toMatch(/^\/(search\?q=1)?$/)
})
