// A phone's database as release 1 leaves it, with a full outbox: every later version must open, show and send it (K-11).
// `FIXTURE=write` makes the file of the version at hand; a release adds a file and never changes one.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openLocal } from '@fieldpledge/sync-client';
import type { Store, TableName } from '@fieldpledge/sync-client';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { phone, server, settle } from './engine-kit';
import { definitions, HandClock } from './kit';
import { json } from './model-server';
import { addNote, edit } from './notes';

const FOLDER = new URL('./fixtures/', import.meta.url);
const TABLES: readonly TableName[] = ['rows', 'shadow', 'overlay', 'drafts', 'outbox', 'stuck', 'files', 'bytes', 'meta'];

type Dump = { [table: string]: unknown[] };

function packed(_: string, value: unknown): unknown {
  return value instanceof ArrayBuffer ? { $bytes: Buffer.from(value).toString('base64') } : value;
}

function unpacked(_: string, value: unknown): unknown {
  const bytes = (value as { $bytes?: string } | null)?.$bytes;
  return bytes === undefined ? value : new Uint8Array(Buffer.from(bytes, 'base64')).buffer;
}

async function write(path: URL): Promise<void> {
  const model = server();
  const ana = await phone(model, { user: 'pia' });
  const note = await addNote(ana, { folder_id: 'f1', body: '甲。乙。' });
  await settle([ana], 2);
  await edit(ana, note, { due: '2026-12-01' });
  await ana.local.perform({ type: 'note.close', record: note });
  ana.net.fate = (request, on) => (request.path.includes('/pull') ? Promise.resolve(json(500, {})) : on());
  await ana.engine.round();
  const photo = await ana.local.files.put(new TextEncoder().encode('a photo').buffer, 'image/jpeg', { order: 2 });
  await ana.local.perform({ type: 'picture.add', record: { kind: 'picture', id: ana.local.newId() }, args: { note_id: note.id }, files: [photo] });
  const other = await addNote(ana, { title: 'not sent' });
  await ana.local.drafts.set(other, 'title', 'typed', 'not sent');
  const dump: Dump = {};
  await ana.local.context.store.read(TABLES, async (tx) => { for (const table of TABLES) dump[table] = await tx.all(table); });
  writeFileSync(path, `${JSON.stringify(dump, packed, 1)}\n`);
}

async function restored(path: URL, name: string): Promise<Store> {
  const dump = JSON.parse(readFileSync(path, 'utf8'), unpacked) as Dump;
  const store = dexieStore(name);
  await store.write(TABLES, async (tx) => {
    for (const table of TABLES) await tx.put(table, ...(dump[table] ?? []) as never[]);
  });
  return store;
}

describe('the database of an older version', () => {
  if (process.env['FIXTURE'] === 'write') it('is written', () => write(new URL('phone-1.json', FOLDER)));

  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.json')))('%s opens, shows and sends everything', async (name) => {
    const store = await restored(new URL(name, FOLDER), `fixture-${name}`);
    const local = await openLocal({ store, definitions, clock: new HandClock() });
    const before = await local.counts();
    expect(before).toMatchObject({ drafts: 1, operations: 2, files: 1, needs_you: 1 });
    const [old] = await local.list('note', 'folder_id', 'f1');
    expect(old).toMatchObject({ rev: 1, fields: { body: '甲。乙。' }, marks: { stuck: ['due'] } });
    const fresh = (await local.all('note')).find((view) => view.rev === 0)!;
    expect(await local.drafts.get(fresh, 'title')).toMatchObject({ value: 'typed', base: 'not sent' });
    const made = await store.read(['outbox'], (tx) => tx.all('outbox'));
    // The server has forgotten everything: all of it is offered again.
    const model = server();
    const ana = await phone(model, { user: 'pia', store });
    await ana.local.drafts.commit(fresh);
    await settle([ana], 5);
    for (const { op_id } of made) expect(model.ledger.has(op_id), op_id).toBe(true);
    expect(model.files.stored.size).toBe(1);
    expect(model.records.get(`note/${fresh.id}`)?.fields['title']).toBe('typed');
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 1 });
  });
});
