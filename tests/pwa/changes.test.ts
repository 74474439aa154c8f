// @vitest-environment happy-dom
/* A desk that hears of every change on a slow line: it asks one question at a time, and the last change is never left out. */
import { createApp } from 'vue'
import { expect, test, vi } from 'vitest'
import { whenChanged } from '@/console/ui/changes'

const line = vi.hoisted(() => ({ says: (_word: string) => undefined as void }))
vi.mock('@fieldpledge/sync-client/browser', () => ({
  broadcastBell: () => ({ ring: () => undefined, listen: () => () => undefined, close: () => undefined }),
  fetchTransport: () => ({}),
  listen: ({ says }: typeof line) => ((line.says = says), Promise.resolve()),
  pageSurroundings: { listen: () => () => undefined },
  webLocks: {},
}))

test('what rings while an answer is on its way is asked once more after it', async () => {
  vi.useFakeTimers()
  const answers: (() => void)[] = []
  const app = createApp({ setup: () => (whenChanged(() => new Promise<void>((done) => answers.push(done))), () => null) })
  app.mount(document.createElement('div'))
  const ring = async () => {
    line.says('wake')
    await vi.advanceTimersByTimeAsync(1_500)
  }
  for (let n = 0; n < 5; n++) await ring()
  expect(answers).toHaveLength(1)
  answers[0]!()
  await vi.advanceTimersByTimeAsync(0)
  expect(answers).toHaveLength(2)
  answers[1]!()
  await vi.advanceTimersByTimeAsync(1_500)
  expect(answers).toHaveLength(2)
  await ring()
  expect(answers).toHaveLength(3)
  app.unmount()
  answers[2]!()
  await ring()
  expect(answers).toHaveLength(3)
  vi.useRealTimers()
})
