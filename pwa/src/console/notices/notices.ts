/* How many notices are unread: asked when the desk is looked at and about every half minute while a bell is on screen. */
import { onBeforeUnmount, onMounted, readonly, ref } from 'vue'
import { ask } from '@/api/client'
import { api } from '../api'

const EVERY_MS = 30_000
const count = ref(0)
let bells = 0
let timer: ReturnType<typeof setTimeout> | undefined

export const unread = readonly(count)

export function nowUnread(left: number): void {
  count.value = left
}

async function look(): Promise<void> {
  clearTimeout(timer)
  if (document.visibilityState === 'visible') {
    const answer = await ask(api.GET('/api/notices/unread'))
    if (answer.ok) count.value = answer.value.unread
  }
  clearTimeout(timer)
  // desks that were opened together do not ask together
  if (bells > 0) timer = setTimeout(look, EVERY_MS * (0.8 + 0.4 * Math.random()))
}

/** While the calling component is on screen the count is kept. */
export function useUnread() {
  onMounted(() => {
    bells += 1
    document.addEventListener('visibilitychange', look)
    void look()
  })
  onBeforeUnmount(() => {
    bells -= 1
    document.removeEventListener('visibilitychange', look)
    if (bells === 0) clearTimeout(timer)
  })
  return unread
}
