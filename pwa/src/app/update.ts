/* New versions of the app: looked for when the app becomes visible, offered, and taken only when she says so. Typed text
   is on the disk at every key, so the reload that follows opens the same screen with the same words. */
import { reactive } from 'vue'

export const update = reactive({
  isReady: false,
  take(): void {
    if (!waiting) return
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
    waiting.postMessage('take-over')
  },
})

let waiting: ServiceWorker | null = null

export async function watchForUpdates(): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  const registration = await navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' })
  note(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const next = registration.installing
    next?.addEventListener('statechange', () => {
      if (next.state === 'installed' && navigator.serviceWorker.controller) note(next)
    })
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void registration.update().catch(() => undefined) // no network: later
  })
}

function note(worker: ServiceWorker | null): void {
  if (!worker || !navigator.serviceWorker.controller) return
  waiting = worker
  update.isReady = true
}
