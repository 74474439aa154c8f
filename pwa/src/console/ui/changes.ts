/* What changes elsewhere is on the screen about two seconds later. One tab of this browser waits at the server's bell
   (sync/client/src/listen.ts) and tells the others; a screen says what it asks again. Forms keep what is typed themselves. */
import { onBeforeUnmount } from 'vue'
import { systemClock, systemTimers } from '@fieldpledge/sync-client'
import { broadcastBell, fetchTransport, listen, pageSurroundings, webLocks } from '@fieldpledge/sync-client/browser'

const NAME = 'fp.desk'
const APART_MS = 400 // many desks hear the same bell
const AT_MOST_EVERY_MS = 1_000
const DEAF_MS = 30_000 // without a bell; with one, only for what time alone changes
const HEARING_MS = 60_000
const STOP_AFTER_MS = 1_000 // from one screen to the next the bell stays

const screens = new Set<() => Promise<void>>()
let next: ReturnType<typeof setTimeout> | undefined
let idle: ReturnType<typeof setTimeout> | undefined
let askedAt = 0
let isHearing = false
let stop: AbortController | null = null

/** Runs now and then while the calling component is on screen: soon after a change anywhere, and when the tab is looked at again.
    Never beside itself: on a slow line the answer before is shown first. */
export function whenChanged(run: () => unknown): void {
  let isRunning = false
  let isDue = false
  const screen = async () => {
    isDue = true
    if (isRunning) return
    isRunning = true
    while (isDue && screens.has(screen)) {
      isDue = false
      await run()
    }
    isRunning = false
  }
  screens.add(screen)
  if (!stop) begin()
  onBeforeUnmount(() => {
    screens.delete(screen)
    setTimeout(() => screens.size === 0 && end(), STOP_AFTER_MS)
  })
}

function begin(): void {
  const away = (stop = new AbortController())
  const tabs = broadcastBell(NAME)
  const says = (word: string) => {
    isHearing = word !== 'deaf'
    if (word !== 'wake') return
    tabs.ring('wake')
    soon(Math.random() * APART_MS)
  }
  const unlisten = tabs.listen(() => soon(Math.random() * APART_MS))
  const unseen = pageSurroundings.listen((what) => what === 'visible' && soon(0))
  away.signal.addEventListener('abort', () => {
    unlisten()
    unseen()
    tabs.close()
    clearTimeout(next)
    clearTimeout(idle)
    next = undefined
  })
  const clock = { clock: systemClock, timers: systemTimers, random: Math.random }
  void listen({ ...clock, name: NAME, path: () => '/api/bell', transport: fetchTransport('', {}), locks: webLocks, surroundings: pageSurroundings, says, known: () => Promise.resolve({ epoch: '', feed_head: 0 }), hers: () => Promise.resolve() }, away.signal)
  rest()
}

function end(): void {
  stop?.abort()
  stop = null
}

function soon(ms: number): void {
  next ??= setTimeout(askAgain, Math.max(ms, askedAt + AT_MOST_EVERY_MS - Date.now()))
}

function askAgain(): void {
  next = undefined
  if (document.visibilityState === 'visible') {
    askedAt = Date.now()
    for (const screen of screens) void screen()
  }
  rest()
}

/** Time alone changes something too (a promise comes near), and a bell may be out of order. */
function rest(): void {
  clearTimeout(idle)
  idle = setTimeout(askAgain, (isHearing ? HEARING_MS : DEAF_MS) * (1 + 0.2 * Math.random()))
}
