// Files on the device: bytes are stored before the operation that names them, under their SHA-256 (FIELD-NOTES: every
// byte is in the database before the camera opens again). ArrayBuffers, because Safari loses Blobs.
import type { Context } from './context';
import type { Store, Transaction } from './ports';
import { sha256 } from './ids';
import type { StoredFile } from './words';

export interface FileMeta {
  /** Smaller is sent first: 0 what was signed · 1 signature · 2 photo (default). */
  order?: number;
  taken_at?: string;
}

export interface Files {
  /** Stores bytes; resolves with their SHA-256 when they are on the disk. The same bytes twice are one file. */
  put(bytes: ArrayBuffer, content_type: string, meta?: FileMeta): Promise<string>;
  /** The bytes, while they are on this device. */
  bytes(sha256: string): Promise<ArrayBuffer | undefined>;
  /** What is known of a file. */
  get(sha256: string): Promise<StoredFile | undefined>;
  /** Throws away a file that the server refused; the person has seen why. Others stay. */
  discard(sha256: string): Promise<void>;
  /** Drops bytes that the server holds, oldest first, until `wanted` bytes are free; answers how many were freed. */
  makeRoom(wanted: number): Promise<number>;
}

/** The files of one store. */
export function filesOfStore(context: Context): Files {
  return {
    async put(bytes, content_type, meta = {}) {
      const name = await sha256(bytes);
      await context.store.write(['files', 'bytes'], async (tx) => {
        const known = await tx.get('files', name);
        if (known?.is_here) return;
        await tx.put('bytes', { sha256: name, bytes });
        const anew = known?.state === 'erased' ? { state: 'waiting' as const, offset: 0 } : {};
        await tx.put('files', known ? { ...known, ...anew, is_here: 1 } : {
          sha256: name, size_bytes: bytes.byteLength, content_type, order: meta.order ?? 2,
          taken_at: meta.taken_at ?? null, stored_at: context.clock.now(), state: 'waiting', offset: 0,
          references: 0, sent_at_pull: null, is_here: 1, problem: null,
        });
      });
      context.saved();
      return name;
    },
    bytes: (name) => context.store.read(['bytes'], async (tx) => (await tx.get('bytes', name))?.bytes),
    get: (name) => context.store.read(['files'], (tx) => tx.get('files', name)),
    discard: (name) => context.store.write(['files', 'bytes'], async (tx) => {
      if ((await tx.get('files', name))?.state !== 'refused') return;
      await tx.drop('files', name);
      await tx.drop('bytes', name);
    }),
    makeRoom: (wanted) => makeRoom(context.store, wanted),
  };
}

/** Drops bytes that the server holds, oldest first; answers how many bytes were freed. */
function makeRoom(store: Store, wanted: number): Promise<number> {
  return store.write(['files', 'bytes'], async (tx) => {
    // Only what a pull has shown as stored (M-59): `sent` alone is not enough.
    const stored = (await tx.by('files', 'state', 'stored')).filter((file) => file.is_here);
    let freed = 0;
    for (const file of stored.sort((a, b) => a.stored_at - b.stored_at)) {
      if (freed >= wanted) break;
      await tx.drop('bytes', file.sha256);
      await tx.put('files', { ...file, is_here: 0 });
      freed += file.size_bytes;
    }
    return freed;
  });
}

/** Its owner wants the bytes gone (M-76): here too, whether they were sent or not. */
export async function letGoOfBytes(tx: Transaction, file: StoredFile): Promise<void> {
  await tx.drop('bytes', file.sha256);
  await tx.put('files', { ...file, state: 'erased', is_here: 0, problem: null });
}

/** How much is freed when the device is full: a photo or two, so that typing goes on. */
const ROOM_BYTES = 4 * 1024 * 1024;

/** A store that, when the device is full, drops bytes that the server holds and writes once more. */
export function withRoom(store: Store): Store {
  return {
    ...store,
    async write(tables, body) {
      try {
        return await store.write(tables, body);
      } catch (error) {
        if (!isFull(error) || await makeRoom(store, ROOM_BYTES) === 0) throw error;
        return store.write(tables, body);
      }
    },
  };
}

/** Quota errors come by themselves or as the reason of an aborted transaction. */
function isFull(error: unknown): boolean {
  const { name, inner } = (error ?? {}) as { name?: string; inner?: unknown };
  return name === 'QuotaExceededError' || (inner !== undefined && inner !== error && isFull(inner));
}

/**
 * Whether a file still has to reach the server. What no operation names is not work yet; what the server took to the last
 * byte counts as sent from the next complete pull on, also when its operation stands aside and no row will tell of it.
 */
export function isUnsent(file: StoredFile, pulls: number): boolean {
  if (file.references === 0 || file.state === 'stored' || file.state === 'erased') return false;
  return file.state !== 'sent' || file.sent_at_pull === null || file.sent_at_pull >= pulls;
}
