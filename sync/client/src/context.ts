// What every part of the local half works with, and the few values kept under a name in `meta`.
import { readingOf } from './clock';
import type { Definitions } from './definitions';
import type { Clock, Seal, Store, Timers, Transaction } from './ports';

export interface Context {
  store: Store;
  definitions: Definitions;
  /** The person's key: rows, overlay, drafts, stuck operations. */
  seal: Seal;
  /** The device's key, which needs no PIN: the outbox, so that a locked application still sends. */
  device_seal: Seal;
  clock: Clock;
  timers: Timers;
  device_id: string;
  /** Something was stored that wants to be sent. */
  saved: () => void;
}

/** How the device's clock stood at the last contact. */
export interface Contact {
  offset_ms: number;
  rtt_ms: number;
  /** wall and monotonic clock of the device at that moment, and the run of the page they belong to */
  wall_ms: number;
  mono_ms: number;
  run_id: string;
}

/** Name → type of what stands in `meta`. */
export interface Meta {
  device_id: string;
  /** created_at of the database */
  created_at: number;
  next_seq: number;
  /** highest seq that the server acknowledged */
  acked_seq: number;
  epoch: string | null;
  cursor: string | null;
  /** schema with which the cursor was moved */
  schema: number;
  /** feed_head that the pull has passed */
  passed: number;
  contact: Contact | null;
  last_sent_at: number | null;
  last_pulled_at: number | null;
  /** complete pulls so far */
  pulls: number;
  index_fingerprint: string;
  /** a reset that is being downloaded into `shadow` */
  reset: { cursor: string | null; reason: string } | null;
  /** seq that can no longer be produced → reason */
  voids: { [seq: string]: string };
  /** link(seq) of the newest operation that was forgotten after its 30 days */
  chain: { seq: number; link: string } | null;
  /** The device's key pair; the private half cannot be taken out of it. */
  key: CryptoKeyPair | null;
  /** When the rows were last compared with the server's digests. */
  digest_at: number | null;
  is_signed_out: boolean;
  /** day (UTC) → the last anchor that the server named on it, of the last days (M-69) */
  anchors: { [day: string]: string };
}

/** Reads one named value. */
export async function metaOf<N extends keyof Meta>(tx: Transaction, name: N, otherwise: Meta[N]): Promise<Meta[N]> {
  const row = await tx.get('meta', name);
  return row ? (row.value as Meta[N]) : otherwise;
}

/** Keeps one named value. */
export function keep<N extends keyof Meta>(tx: Transaction, name: N, value: Meta[N]): Promise<void> {
  return tx.put('meta', { name, value });
}

/** The server's time as far as it is known here: no jump of the device's clock ages what is kept. */
export async function serverNow(tx: Transaction, context: Context): Promise<number> {
  const contact = await metaOf(tx, 'contact', null);
  return context.clock.now() + (readingOf(contact, context.clock)?.offset_ms ?? 0);
}
