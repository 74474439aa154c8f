// The store over IndexedDB by Dexie: one database per server and user, strict durability for every transaction.
// A page of the pull costs one flush more than `relaxed` would; a lost operation costs trust.
import Dexie, { liveQuery } from 'dexie';
import type { Collection, Table, Transaction as DexieTransaction } from 'dexie';
import { openLocal } from '../local';
import type { Local, LocalPorts } from '../local';
import type { Key, Live, Store, Transaction, Walk } from '../ports';
import type { TableName, Tables } from '../words';

/** Layout of the database. A new version is a new line in `databaseOf`, never a changed one. */
const SCHEMA_1: { [table in TableName]: string } = {
  rows: 'key, kind, *keys, detached',
  shadow: 'key',
  overlay: 'seq, &op_id, *touches, state',
  drafts: 'key, record',
  outbox: 'seq, &op_id, state, record',
  stuck: 'op_id, record',
  files: 'sha256, state',
  bytes: 'sha256',
  meta: 'name',
};

/** From so many keys on it is quicker to ask first which of them are there: IndexedDB answers each get by itself. */
const MANY = 50;

export interface OpenStore extends Omit<LocalPorts, 'store' | 'device_id'> {
  /** Address of the server; part of the database's name. */
  server: string;
  userId: string;
  /** Only used when the database is made; left out, a new one is made. */
  deviceId?: string;
}

/** Opens (or makes) the database of one server and user. */
export async function openStore({ server, userId, deviceId, ...ports }: OpenStore): Promise<Local> {
  const store = dexieStore(databaseName(server, userId));
  return openLocal({ ...ports, store, ...(deviceId ? { device_id: deviceId } : {}) });
}

/** Name of the database of one server and user. */
export function databaseName(server: string, userId: string): string {
  return `sync:${server}:${userId}`;
}

/** Names of all databases of this library on the device, for a sign-in screen that says whose work is still here. */
export async function knownDatabases(): Promise<{ server: string; userId: string }[]> {
  const names = (await Dexie.getDatabaseNames()).filter((name) => name.startsWith('sync:'));
  return names.map((name) => {
    const cut = name.lastIndexOf(':');
    return { server: name.slice('sync:'.length, cut), userId: name.slice(cut + 1) };
  });
}

function databaseOf(name: string): Dexie {
  const db = new Dexie(name, { chromeTransactionDurability: 'strict' });
  db.version(1).stores(SCHEMA_1);
  return db;
}

/** A Store over one Dexie database. Dexie opens it again by itself when the browser closed it. */
export function dexieStore(name: string): Store {
  const db = databaseOf(name);
  const run = <T>(mode: 'r' | 'rw', tables: readonly TableName[], body: (tx: Transaction) => Promise<T>): Promise<T> =>
    // The body must be an async function by its own syntax: Dexie follows native awaits only then. Tables are taken from
    // the transaction itself, so that a long row of awaits without a request cannot lose it.
    Promise.resolve(db.transaction(mode, [...tables], async (within) => body(transactionOver(within))));
  return {
    name,
    read: (tables, body) => run('r', tables, body),
    write: (tables, body) => run('rw', tables, body),
    live: (query) => liveOf(query),
    close: async () => { db.close(); },
    wipe: async () => { await db.delete(); },
  };
}

function liveOf<T>(query: () => Promise<T>): Live<T> {
  return {
    subscribe(next, failed) {
      const subscription = liveQuery(query).subscribe({ next, error: (error: unknown) => failed?.(error) });
      return () => { subscription.unsubscribe(); };
    },
  };
}

function transactionOver(within: DexieTransaction): Transaction {
  const table = <T extends TableName>(name: T): Table<Tables[T], Key> => within.table(name);
  return {
    get: (name, key) => table(name).get(key),
    many: async (name, keys) => {
      if (keys.length === 0) return [];
      const there = keys.length < MANY ? null : new Set(await table(name).toCollection().primaryKeys());
      return (await table(name).bulkGet(there ? keys.filter((key) => there.has(key)) : [...keys])).filter(isThere);
    },
    by: async (name, index, value) => {
      const where = table(name).where(index);
      return (Array.isArray(value) ? where.anyOf(value) : where.equals(value as Key)).toArray();
    },
    walk: (name, walk) => walked(table(name), walk).toArray(),
    all: (name) => table(name).toArray(),
    put: async (name, ...values) => { if (values.length > 0) await table(name).bulkPut(values); },
    drop: async (name, ...keys) => { if (keys.length > 0) await table(name).bulkDelete(keys); },
    clear: (name) => table(name).clear(),
  };
}

function walked<V>(table: Table<V, Key>, { index, from, to, limit, reverse }: Walk): Collection<V, Key> {
  const where = table.where(index ?? ':id');
  const lower = from ?? Dexie.minKey as unknown as Key;
  const upper = to ?? Dexie.maxKey as unknown as Key;
  let found = where.between(lower, upper, true, true);
  if (reverse) found = found.reverse();
  return limit === undefined ? found : found.limit(limit);
}

function isThere<V>(value: V | undefined): value is V {
  return value !== undefined;
}
