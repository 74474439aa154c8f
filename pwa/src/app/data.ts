/* The phone's records: one database per server and user, opened before the first screen. Screens read through live()
   and write through drafts and operations; nobody else knows of IndexedDB. */
import { openStore } from '@fieldpledge/sync-client/dexie'
import type { Fields, Json, Live, Local, Performing, RecordRef, View } from '@fieldpledge/sync-client'
import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { definitionsFor } from './definitions'

let opened: { userId: string; local: Local } | null = null

/** Opens the database of a user; the same one again is the same one. */
export async function openData(userId: string): Promise<Local> {
  if (opened?.userId === userId) return opened.local
  if (opened) await opened.local.close()
  const local = await openStore({ server: location.origin, userId, definitions: definitionsFor(userId) })
  opened = { userId, local }
  return local
}

/** The open database. Screens run only once it is open (router.ts). */
export function data(): Local {
  if (!opened) throw new Error('the database is not open')
  return opened.local
}

/** Whether a database is still the one that is worked in: what was begun in another person's goes nowhere else. */
export function isOpen(local: Local): boolean {
  return opened?.local === local
}

export async function closeData(): Promise<void> {
  const local = opened?.local
  opened = null
  await local?.close()
}

const FIRST_SCREEN_MS = 1_500
const FIRST_TAP_MS = 300
let unanswered = 0
let drawn = () => {}

/** Once the first screen has what it reads, or soon: sending waits for it, since IndexedDB answers one after the other. */
export const firstScreen = new Promise<void>((resolve) => {
  drawn = resolve
  setTimeout(resolve, FIRST_SCREEN_MS)
})

/** A screen begins to read; call what comes back at its first answer. */
function reading(): () => void {
  let isOver = false
  unanswered += 1
  return () => {
    if (isOver) return
    isOver = true
    unanswered -= 1
    // what was read is drawn a frame later, and may read more itself; then a first tap goes before the sending, too
    if (unanswered === 0) requestAnimationFrame(() => setTimeout(() => unanswered === 0 && drawn(), FIRST_TAP_MS))
  }
}

/** What a live read has given so far: undefined until the first answer, or the fault that stopped it. */
export interface LiveAnswer<T> {
  value: Readonly<ShallowRef<T | undefined>>
  fault: Readonly<Ref<unknown>>
}

/** A read that is told again whenever what it read changes, in this tab or another; `of` restarts it. */
export function useLive<T>(query: (local: Local) => Promise<T>, of: () => unknown = () => null): LiveAnswer<T> {
  const value = shallowRef<T>()
  const fault = shallowRef<unknown>(null)
  let stop = () => {}
  const answered = reading()
  watch(
    of,
    () => {
      stop()
      stop = subscribe(data().live(() => query(data())))
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    stop()
    answered()
  })
  return { value, fault }

  function subscribe(live: Live<T>): () => void {
    return live.subscribe(
      (next) => {
        fault.value = null
        value.value = next
        answered()
      },
      (error) => {
        fault.value = error
        answered()
      },
    )
  }
}

/** A record's fields with its id beside them, as the signed document and the rules want them. */
export type WithId<F> = F & { id: string }

export function withId<F extends object>(view: View<F>): WithId<F> {
  return { ...view.fields, id: view.id }
}

export type { Fields, Json, Local, Performing, RecordRef, View }

/** How far the phone's clock stands from the server's, by the last contact: server minus phone; null before any. */
export async function clockOffset(): Promise<number | null> {
  return (await contactOf(data()))?.offset_ms ?? null
}

/** When the server last answered, by the phone's clock; null before the first answer. */
export async function lastContact(local: Local): Promise<number | null> {
  return (await contactOf(local))?.wall_ms ?? null
}

async function contactOf(local: Local): Promise<{ offset_ms: number; wall_ms: number } | null> {
  const row = await local.context.store.read(['meta'], (tx) => tx.get('meta', 'contact'))
  return (row?.value ?? null) as { offset_ms: number; wall_ms: number } | null
}

/** What is being typed into records and is no operation yet: key kind/id → field → value. Reads only, so it may be live. */
export async function typedInto(local: Local, records: readonly RecordRef[]): Promise<Map<string, Fields>> {
  const keys = records.map((record) => `${record.kind}/${record.id}`)
  const stored = await local.context.store.read(['drafts'], (tx) => tx.by('drafts', 'record', keys))
  const typed = new Map<string, Fields>()
  for (const draft of stored) {
    if (draft.is_clean) continue
    const { value } = local.context.seal.open(draft.sealed) as { value: Json }
    typed.set(draft.record, { ...typed.get(draft.record), [draft.field]: value })
  }
  return typed
}

/** Whether this phone has ever fetched its records to the end; until then an empty list means nothing. */
export async function hasFetched(local: Local): Promise<boolean> {
  const row = await local.context.store.read(['meta'], (tx) => tx.get('meta', 'last_pulled_at'))
  return typeof row?.value === 'number'
}
