// A phone of an older release comes to today's server with today's app: its database as it lay on the phone, outbox full.
// `FIXTURE=write` leaves the database of the version at hand (tools/release.py); test_releases.py plays those that lie
// in tests/releases.
import { readFileSync, writeFileSync } from 'node:fs';
import Dexie from 'dexie';
import { describe, expect, it } from 'vitest';
import { createEngine, openLocal } from '@fieldpledge/sync-client';
import type { Fields, Local, Store } from '@fieldpledge/sync-client';
import { fetchTransport } from '@fieldpledge/sync-client/browser';
import { databaseName, dexieStore, openStore } from '@fieldpledge/sync-client/dexie';
import { definitionsFor } from '../../../pwa/src/app/definitions';
import { HandBell, HandLocks, HandSurroundings } from '../client/engine-kit';

interface Given { url: string; cookie: string; user_id: string; phone: string }
interface Dump { user_id: string; version: number; stores: { [table: string]: string }; tables: { [table: string]: unknown[] } }

const given = JSON.parse(process.env['SYNC_RELEASE'] ?? '{}') as Given;
const IDLE = { after: () => () => undefined };

function engineOf(local: Local): ReturnType<typeof createEngine> {
  return createEngine({
    local, transport: fetchTransport(given.url, { cookie: given.cookie, 'x-fieldpledge': '1' }), locks: new HandLocks(),
    bell: new HandBell().tab(), surroundings: new HandSurroundings(), app: 'release', random: () => 0.5,
  });
}

const packed = (_: string, value: unknown): unknown =>
  value instanceof ArrayBuffer ? { $bytes: Buffer.from(value).toString('base64') } : value;
const unpacked = (_: string, value: unknown): unknown => {
  const bytes = (value as { $bytes?: string } | null)?.$bytes;
  return bytes === undefined ? value : new Uint8Array(Buffer.from(bytes, 'base64')).buffer;
};

/** Everything that stands in a phone's IndexedDB, with the layout of its version. */
async function dumpOf(name: string): Promise<Dump> {
  const db = await new Dexie(name).open();
  const stores = Object.fromEntries(db.tables.map(({ name: table, schema }) =>
    [table, [schema.primKey.src, ...schema.indexes.map(({ src }) => src)].join(', ')]));
  const tables: Dump['tables'] = {};
  for (const table of db.tables) tables[table.name] = await table.toArray();
  const { verno } = db;
  db.close();
  return { user_id: given.user_id, version: verno, stores, tables };
}

/** The database as its version left it: made with that version's layout, not with ours. */
async function laid(dump: Dump): Promise<Store> {
  const name = databaseName(given.url, dump.user_id);
  const db = new Dexie(name);
  db.version(dump.version).stores(dump.stores);
  for (const [table, rows] of Object.entries(dump.tables)) await db.table(table).bulkPut(rows);
  db.close();
  return dexieStore(name);
}

/** A day in the field: arrival, a report begun and sent, then no network: the cause, a photo, the departure, half a sentence. */
async function work(local: Local): Promise<void> {
  const engine = engineOf(local);
  const act = (type: string, kind: string, args: Fields, rest: object = {}): Promise<unknown> =>
    local.perform({ type, record: { kind, id: local.newId() }, args, ...rest });
  for (let i = 0; i < 3; i++) await engine.round();
  const visits = await local.list('visit', 'engineer_ids', given.user_id);
  const visit = visits.find(({ fields }) => fields['state'] === 'planned' || fields['state'] === 'accepted')!;
  const order = (await local.record('work_order', String(visit.fields['work_order_id'])))!;
  await act('visit.check_in', 'check_in', { visit_id: visit.id, direction: 'in', phone_verdict: { verdict: 'no_fix', distance_m: null, accuracy_m: null } });
  const report = { kind: 'report', id: local.newId() };
  await local.perform({ type: 'report.start', record: report, args: { work_order_id: order.id, visit_id: visit.id, short_ref: 'R1-OLD', language: 'zh' } });
  const finding = { kind: 'finding', id: local.newId() };
  await local.perform({ type: 'finding.add', record: finding, args: {
    report_id: report.id, work_order_id: order.id, asset_id: (order.fields['asset_ids'] as string[])[0]!, symptom_found: '开机后无显示。',
    cause_category: null, cause_text: '', cause_unknown_until: null, fix_category: null, fix_text: '', outcome: null, not_fixed_reason: '', next_step: '',
  } });
  for (let i = 0; i < 3; i++) await engine.round();
  const edit = (args: Fields, base: Fields): Promise<unknown> => local.perform({ type: 'finding.edit', record: finding, args, base });
  await edit({ cause_text: '电源板电容鼓包。' }, { cause_text: '' });
  await edit({ outcome: 'fixed' }, { outcome: null });
  const bytes = new Uint8Array(readFileSync(new URL('./photo.jpg', import.meta.url))).buffer;
  const photo = { content_type: 'image/jpeg', taken_at: '2026-11-22T06:00:00.000Z' };
  const sha256 = await local.files.put(bytes, photo.content_type, { order: 2, taken_at: photo.taken_at });
  await act('photo.add', 'photo', {
    work_order_id: order.id, visit_id: visit.id, report_id: report.id, finding_id: finding.id, sha256, size_bytes: bytes.byteLength,
    caption: '', ...photo,
  }, { files: [sha256] });
  await act('log_entry.add', 'log_entry', { work_order_id: order.id, visit_id: visit.id, what: 'note', note: '客户说下午再来电话。' });
  await local.drafts.set(finding, 'fix_text', '更换电源板，', '');
}

describe('an older release', () => {
  if (process.env['FIXTURE'] === 'write') {
    it('is written', async () => {
      const local = await openStore({ server: given.url, userId: given.user_id, definitions: definitionsFor(given.user_id), timers: IDLE });
      await work(local);
      expect(await local.counts()).toMatchObject({ drafts: 1, operations: 4, files: 1, needs_you: 0 });
      writeFileSync(given.phone, `${JSON.stringify(await dumpOf(local.context.store.name), packed, 1)}\n`);
    });
    return;
  }

  it('opens, shows its work, sends all of it, and holds what the server has for it', async () => {
    const dump = JSON.parse(readFileSync(given.phone, 'utf8'), unpacked) as Dump;
    const store = await laid(dump);
    const local = await openLocal({ store, definitions: definitionsFor(dump.user_id), timers: IDLE });
    expect(await local.counts()).toMatchObject({ drafts: 1, operations: 4, files: 1 });
    const [report] = (await local.all('report')).filter(({ fields }) => fields['short_ref'] === 'R1-OLD');
    const [finding] = await local.list('finding', 'report_id', report!.id);
    expect(finding!.fields).toMatchObject({ symptom_found: '开机后无显示。', cause_text: '电源板电容鼓包。', outcome: 'fixed' });
    expect(await local.drafts.get(finding!, 'fix_text')).toMatchObject({ value: '更换电源板，' });
    await local.drafts.commit(finding!);
    const engine = engineOf(local);
    for (let i = 0; i < 6; i++) await engine.round();
    expect(await local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
    const [held] = await local.list('finding', 'report_id', report!.id);
    expect(held!.fields).toMatchObject({ fix_text: '更换电源板，', cause_text: '电源板电容鼓包。', outcome: 'fixed' });
    const outbox = await store.read(['outbox'], (tx) => tx.all('outbox'));
    console.log(`SENT ${JSON.stringify(outbox.map(({ op_id, status }) => [op_id, status]))}`);
  });
});
