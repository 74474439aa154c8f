// The store over IndexedDB: strict durability, opened again when the browser closed it, room made when the device is full.
import Dexie from 'dexie';
import { forceCloseDatabase } from 'fake-indexeddb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openLocal } from '@fieldpledge/sync-client';
import type { Store } from '@fieldpledge/sync-client';
import { dexieStore, knownDatabases, openStore } from '@fieldpledge/sync-client/dexie';
import { definitions, freshUser, HandClock, open } from './kit';

afterEach(() => { vi.restoreAllMocks(); });

const NOTE = { kind: 'note', id: '0198aaaa-0000-7000-8000-0000000000b1' };
const ADD = { type: 'note.add', record: NOTE, args: { title: 'a' } };

describe('the store', () => {
  it('asks for strict durability in every writing transaction', async () => {
    const asked: (string | undefined)[] = [];
    const begin = IDBDatabase.prototype.transaction;
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function spy(this: IDBDatabase, tables, mode, options) {
      if (mode === 'readwrite') asked.push(options?.durability);
      return begin.call(this, tables, mode, options);
    });
    const local = await open(freshUser());
    await local.perform(ADD);
    await local.drafts.set(NOTE, 'title', 'b', 'a');
    await local.files.put(new ArrayBuffer(3), 'image/png');
    expect(asked.length).toBeGreaterThan(3);
    expect(new Set(asked)).toEqual(new Set(['strict']));
  });

  it('is opened again after the browser closed it', async () => {
    const local = await open(freshUser());
    await local.perform(ADD);
    const { connections } = Dexie as unknown as { connections: Dexie[] };
    const connection = connections.find((db) => db.name === local.context.store.name)!;
    forceCloseDatabase(connection.backendDB() as never);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await local.perform({ type: 'note.close', record: NOTE });
    expect((await local.record('note', NOTE.id))?.fields).toEqual({ title: 'a', state: 'closed' });
  });

  it.each([1, 49, 50, 400])('gives those of %i keys that are there', async (count) => {
    const local = await open(freshUser());
    const ids = Array.from({ length: count }, (_, i) => `n${i}`);
    const rows = ids.filter((_, i) => i % 3 === 0).map((id) => (
      { key: `note/${id}`, kind: 'note', id, rev: 1, keys: [], buckets: ['b'], detached: 0 as const, sealed: local.context.seal.seal({}) }));
    const found = await local.context.store.write(['rows'], async (tx) => {
      await tx.put('rows', ...rows);
      return tx.many('rows', ids.map((id) => `note/${id}`));
    });
    expect(found).toEqual(rows);
  });

  it('says whose work lies on this device', async () => {
    await openStore({ server: 'https://one.example', userId: 'u-1', definitions });
    expect(await knownDatabases()).toContainEqual({ server: 'https://one.example', userId: 'u-1' });
  });

  it('makes room from bytes that the server holds, and writes once more, when the device is full', async () => {
    const behind = dexieStore('full-1');
    let full = false;
    const store: Store = {
      ...behind,
      write: (tables, body) => (full && !tables.includes('bytes')
        ? Promise.reject(Object.assign(new Error('full'), { name: 'AbortError', inner: { name: 'QuotaExceededError' } }))
        : behind.write(tables, async (tx) => { const value = await body(tx); if (tables.includes('bytes')) full = false; return value; })),
    };
    const local = await openLocal({ store, definitions, clock: new HandClock() });
    const photo = await local.files.put(new ArrayBuffer(1000), 'image/png');
    full = true;
    await expect(local.perform(ADD)).rejects.toThrow('full');
    const file = (await local.files.get(photo))!;
    await behind.write(['files'], (tx) => tx.put('files', { ...file, state: 'stored' }));
    full = true;
    await local.perform(ADD);
    expect(await local.files.get(photo)).toMatchObject({ is_here: 0, state: 'stored' });
    expect(await local.record('note', NOTE.id)).toBeDefined();
  });

  it('lays index keys anew when a kind declares another index', async () => {
    const user = freshUser();
    const old = { ...definitions, kinds: { ...definitions.kinds, note: { edit: 'note.edit' } } };
    const first = await openStore({ server: 'test', userId: user, definitions: old });
    await first.context.store.write(['rows'], (tx) => tx.put('rows', {
      key: `note/${NOTE.id}`, ...NOTE, rev: 1, keys: [], buckets: ['b'], detached: 0,
      sealed: first.context.seal.seal({ title: 'a', folder_id: 'f1' }),
    }));
    await expect(first.list('note', 'folder_id', 'f1')).rejects.toThrow(/declares no index/);
    await first.close();
    const second = await open(user);
    expect(await second.list('note', 'folder_id', 'f1')).toHaveLength(1);
  });
});
