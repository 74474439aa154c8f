/* Whether the browser promised to keep our database, and how much room there is. Asked once; the answer is shown. */
export interface Room {
  is_persisted: boolean
  used_bytes: number | null
  free_bytes: number | null
}

/** Asks for lasting storage (again does no harm) and measures. */
export async function askForRoom(): Promise<Room> {
  const storage = navigator.storage as StorageManager | undefined
  const is_persisted = (await storage?.persisted?.().catch(() => false)) || (await storage?.persist?.().catch(() => false)) || false
  const estimate = await storage?.estimate?.().catch(() => undefined)
  const used = estimate?.usage ?? null
  const quota = estimate?.quota ?? null
  return { is_persisted, used_bytes: used, free_bytes: quota === null || used === null ? null : Math.max(0, quota - used) }
}

/** One short vibration, where the phone can. */
export function buzz(): void {
  navigator.vibrate?.(40)
}

/** Whether the app runs from the home screen. */
export function isOnHomeScreen(): boolean {
  return matchMedia('(display-mode: standalone)').matches || (navigator as { standalone?: boolean }).standalone === true
}

/** Whether a write failed because the device has no room; Dexie wraps the browser's error. */
export function isFull(error: unknown): boolean {
  const { name, inner } = (error ?? {}) as { name?: string; inner?: unknown }
  return name === 'QuotaExceededError' || (inner !== undefined && inner !== error && isFull(inner))
}
