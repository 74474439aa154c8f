/* The present minute, for clocks that are drawn: changes once a minute and when the app becomes visible again. */
import { onScopeDispose, readonly, ref } from 'vue'

const now = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setTimeout> | undefined

export function useNow() {
  if (users++ === 0) start()
  onScopeDispose(() => {
    if (--users === 0) stop()
  })
  return readonly(now)
}

function start(): void {
  tick()
  document.addEventListener('visibilitychange', tick)
}

function stop(): void {
  clearTimeout(timer)
  document.removeEventListener('visibilitychange', tick)
}

function tick(): void {
  clearTimeout(timer)
  now.value = Date.now()
  timer = setTimeout(tick, 60_000 - (now.value % 60_000))
}
