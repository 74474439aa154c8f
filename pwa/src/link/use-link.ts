/* The link: its token out of the address, what the server says of it, and what the customer does by it. */
import { computed, ref, shallowRef } from 'vue'
import { ask, clientOf, type Answer, type Problem, type Schema } from '@/api/client'
import { newest } from '@/ui/late'
import { currentLanguage } from '@/ui/words-now'

export type View = Schema<'CustomerView'>
const PATIENCE_MS = 30_000
const EVERY_MS = 60_000

export const token = ref(tokenOf(location.hash))
export const view = shallowRef<View | null>(null)
export const problem = shallowRef<Problem | null>(null)
/** When the server was last heard. */
export const heardAt = ref(0)
export const isClosed = computed(() => !token.value || problem.value?.slug === 'link-not-valid')

export const api = clientOf(PATIENCE_MS)
api.use({
  onRequest({ request }) {
    request.headers.set('Authorization', `Link ${token.value}`)
    request.headers.set('Accept-Language', currentLanguage())
    return request
  },
})

export function tokenOf(hash: string): string {
  return /^#([0-9A-Za-z]+)$/.exec(hash)?.[1] ?? ''
}

const last = newest()

export async function load(): Promise<void> {
  const answer = token.value ? await last(ask(api.GET('/api/link'))) : undefined
  if (answer) show(answer)
}

/** A new view after an act, or what stands in its way: what was asked before it came tells of before the act. */
export function hear(answer: Answer<View>): void {
  void last(Promise.resolve())
  show(answer)
}

function show(answer: Answer<View>): void {
  if (answer.ok) {
    view.value = answer.value
    problem.value = null
    heardAt.value = Date.now()
  } else if (answer.problem.slug === 'link-not-valid') {
    view.value = null
    problem.value = answer.problem
  } else problem.value = answer.problem
}

/** Nothing was refused, it only did not arrive: what was typed can be sent again as it is. */
export function didNotArrive(one: Problem): boolean {
  return one.slug === 'no-network' || one.status === 429 || one.status >= 500
}

/** A problem in her language. */
export function said(one: Problem): string {
  const texts = one.body.texts as { detail?: { zh: string; en: string } } | undefined
  return (currentLanguage() === 'en' ? texts?.detail?.en : texts?.detail?.zh) ?? (one.detail || one.title)
}

/** Loads now, each minute while she looks, and when the address or the network changes. */
export function follow(): void {
  const look = () => {
    if (document.visibilityState === 'visible') void load()
  }
  window.addEventListener('hashchange', () => {
    token.value = tokenOf(location.hash)
    view.value = problem.value = null
    void load()
  })
  document.addEventListener('visibilitychange', look)
  window.addEventListener('online', look)
  setInterval(look, EVERY_MS)
  void load()
}
