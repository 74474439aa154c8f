// What the library asks of its surroundings. The Dexie store is in dexie/, the browser's halves are in browser/;
// tests put fakes in their place.
import type { Sealed, Json, Tables, TableName } from './words';

export type Key = string | number;

/** A bounded walk along an index (or the primary key when `index` is null). */
export interface Walk {
  index: string | null;
  from?: Key;
  to?: Key;
  limit?: number;
  reverse?: boolean;
}

/** One transaction over named tables. Nothing else may be awaited inside. */
export interface Transaction {
  get<T extends TableName>(table: T, key: Key): Promise<Tables[T] | undefined>;
  many<T extends TableName>(table: T, keys: readonly Key[]): Promise<Tables[T][]>;
  by<T extends TableName>(table: T, index: string, value: Key | readonly Key[]): Promise<Tables[T][]>;
  walk<T extends TableName>(table: T, walk: Walk): Promise<Tables[T][]>;
  all<T extends TableName>(table: T): Promise<Tables[T][]>;
  put<T extends TableName>(table: T, ...values: Tables[T][]): Promise<void>;
  drop(table: TableName, ...keys: Key[]): Promise<void>;
  clear(table: TableName): Promise<void>;
}

/** A value that is told again whenever what it was read from changes, in this tab or another. */
export interface Live<T> {
  subscribe(next: (value: T) => void, failed?: (error: unknown) => void): () => void;
}

/** The database of one server and user. A write is resolved only when it is on the disk. */
export interface Store {
  readonly name: string;
  read<T>(tables: readonly TableName[], body: (tx: Transaction) => Promise<T>): Promise<T>;
  write<T>(tables: readonly TableName[], body: (tx: Transaction) => Promise<T>): Promise<T>;
  live<T>(query: () => Promise<T>): Live<T>;
  close(): Promise<void>;
  /** Removes the database. The one call that destroys work; never called by the library itself. */
  wipe(): Promise<void>;
}

/** Puts values into boxes and takes them out again; synchronous, so that it can be used inside a transaction. */
export interface Seal {
  seal(value: Json): Sealed;
  /** Throws SealedShut when the key is not at hand. */
  open(sealed: Sealed): Json;
}

/** Wall clock and monotonic clock, both in milliseconds. */
export interface Clock {
  now(): number;
  mono(): number;
}

/** Timers, so that tests own the time. */
export interface Timers {
  after(ms: number, run: () => void): () => void;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'HEAD' | 'PATCH' | 'PUT';
  /** Path and query below the server's address. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  timeout_ms: number;
  /** Aborted when the answer is not wanted any more. */
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/** Carries one request. Throws Unreachable when there was no answer. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** One holder of a name per device. */
export interface Locks {
  /** Runs `hold` when the lock is ours, until it returns; `cancelled` gives up waiting or holding. */
  lead(name: string, cancelled: AbortSignal, hold: () => Promise<void>): Promise<void>;
}

/** Tells the other tabs. */
export interface Bell {
  ring(word: string): void;
  listen(heard: (word: string) => void): () => void;
  close(): void;
}

/** Says when the device may have a reason to sync: visible, online. */
export interface Surroundings {
  listen(happened: (reason: 'online' | 'offline' | 'visible' | 'hidden') => void): () => void;
  is_online(): boolean;
  /** Whether somebody looks at the screen. */
  is_visible(): boolean;
}

/** Signs the chain's head with a key that cannot be taken out of the device. */
export interface Signer {
  key_id: string;
  /** The public key as JWK, for registration. */
  public_key: JsonWebKey;
  sign(text: string): Promise<string>;
}
