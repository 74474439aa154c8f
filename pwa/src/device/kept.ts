/* The few things the app must know before it opens a user's records: who works here, the lock of the signing screen, the
   last screen. Written strictly: a browser keeps localStorage in memory for seconds to a minute, and a phone that kills
   it in that time would ask for a sign-in without network, or open the app in a customer's hand. */

const DATABASE = 'fp.kept'
const STORE = 'kept'
const held = new Map<string, unknown>()
let opened: IDBDatabase | null = null

/** Reads everything once, before the first screen. Without a database (storage refused) the app runs from memory. */
export async function openKept(): Promise<void> {
  try {
    opened = await databaseOf()
    const store = opened.transaction(STORE).objectStore(STORE)
    const [names, values] = await Promise.all([answerOf(store.getAllKeys()), answerOf(store.getAll() as IDBRequest<unknown[]>)])
    names.forEach((name, i) => held.set(String(name), values[i]))
  } catch {
    opened = null
  }
}

/** What was kept under a name; null when nothing was. */
export function kept(name: string): unknown {
  return held.get(name) ?? null
}

/** Keeps a value (null forgets it); resolves when it is on the disk. */
export function keep(name: string, value: object | null): Promise<void> {
  if (value === null) held.delete(name)
  else held.set(name, value)
  if (!opened) return Promise.resolve()
  const transaction = opened.transaction(STORE, 'readwrite', { durability: 'strict' })
  const store = transaction.objectStore(STORE)
  if (value === null) store.delete(name)
  else store.put(value, name)
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException('not kept', 'AbortError'))
  })
}

function databaseOf(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return answerOf(request)
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new DOMException('not read', 'UnknownError'))
  })
}
