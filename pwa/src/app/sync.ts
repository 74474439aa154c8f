/* Sending and fetching while the app is open: one engine per tab, one of them leads. The one honest line reads `status`. */
import { startSync } from '@fieldpledge/sync-client/browser'
import type { Local, Status } from '@fieldpledge/sync-client'
import { shallowReadonly, shallowRef } from 'vue'
import { ask } from '@/api/client'
import { api } from './api'
import { firstScreen } from './data'
import { checkSession, sessionRefused } from './session'

type Engine = Awaited<ReturnType<typeof startSync>>

const current = shallowRef<Status | null>(null)
export const status = shallowReadonly(current)

let sendingFor: Local | null = null
let engine: Promise<Engine> | null = null
let unsubscribe = () => {}

/** Starts the engine over a database; again over the same one changes nothing. Never waits for the network. */
export function startSending(local: Local, userId: string): void {
  if (sendingFor === local) return
  stopSending()
  sendingFor = local
  const ports = {
    local,
    server: '',
    app: `phone ${__APP_VERSION__}`.slice(0, 64),
    headers: { 'X-Fieldpledge': '1', 'Sync-User': userId }, // another person's session never takes her work
    registers: async (_keyId: string, publicKey: JsonWebKey) => {
      const answer = await ask(api.POST('/api/devices', { body: { id: local.context.device_id, user_id: userId, label: deviceLabel(), public_key: { ...publicKey } } }))
      if (!answer.ok) throw new Error(`not registered: ${answer.problem.slug}`) // asked again before the next push
    },
  }
  engine = firstScreen.then(() => startSync(ports))
  void engine.then((started) => {
    if (sendingFor !== local) return
    unsubscribe = started.status().subscribe((next) => {
      if (next.last_pulled_at && !current.value?.last_pulled_at) performance.mark('fp:fetched') // read by make bench-sync
      const wasRefused = current.value !== null && isRefused(current.value)
      current.value = next
      if (isRefused(next)) sessionRefused()
      else if (wasRefused && !next.is_offline) void checkSession() // signed in elsewhere on this phone
    })
  })
}

/** Nothing goes until she signs in: no session, or somebody else's (M-74). */
function isRefused(now: Status): boolean {
  return now.is_signed_out || now.problem === 'other-session'
}

/** Every byte is with the server, and only its word that it stored them is still out. */
export function isUnconfirmed(now: Status): boolean {
  return now.files > 0 && now.unsent === now.files && now.bytes === 0 && !now.is_offline
}

export function stopSending(): void {
  unsubscribe()
  unsubscribe = () => {}
  void engine?.then((started) => started.stop())
  engine = null
  sendingFor = null
  current.value = null
}

/** Sync soon: after a sign-in. */
export function sendNow(): void {
  void engine?.then((started) => started.nudge())
}

/** What the office reads beside the device's id: kind of phone and browser, nothing about the person. */
function deviceLabel(): string {
  const agent = navigator.userAgent
  const phone = /iPhone|iPad/.exec(agent)?.[0] ?? /Android[^;)]*; ([^;)]+)/.exec(agent)?.[1] ?? /Windows|Mac OS X|Linux/.exec(agent)?.[0] ?? ''
  const browser = /(MicroMessenger|Edg|Firefox|Chrome|Safari)\/[\d]+/.exec(agent)?.[0] ?? ''
  return [phone, browser].filter(Boolean).join(' ').slice(0, 120)
}
