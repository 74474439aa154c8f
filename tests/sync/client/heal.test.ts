// Scope that comes and goes, resets, restored servers, copied and damaged databases, clocks that jump.
import { describe, expect, it } from 'vitest';
import { linksOf } from '@engine/chain';
import type { Sent } from '@engine/chain';
import { HELD_TABLES } from '@engine/held';
import { applyChanges } from '@engine/pull';
import { baseOf, gone, phone, scopeOf, server, settle } from './engine-kit';
import { definitions, HandClock } from './kit';
import { json } from './model-server';
import { addNote, edit, note, pullAlone, pushes, synced } from './notes';

describe('scope', () => {
  it('drops what left it', async () => {
    const { model, ben, record } = await synced();
    model.move('note', record.id, 'elsewhere');
    await ben.engine.round();
    expect(await note(ben, record)).toBeUndefined();
    model.move('note', record.id, 'shared');
    await ben.engine.round();
    expect(await note(ben, record)).toMatchObject({ rev: 1, is_detached: false });
  });

  it('keeps what unsent work hangs on, with what that names, readable until it is sent', async () => {
    const { model, ana, ben, record } = await synced({ folder_id: 'f1' });
    model.write('folder', 'f1', { title: 'inbox' }, 'dora');
    await settle([ana, ben], 1);
    await edit(ben, record, { count: 5 });
    model.move('note', record.id, 'elsewhere');
    model.move('folder', 'f1', 'elsewhere');
    ben.net.fate = (request, on) => (request.path.includes('/push') ? Promise.resolve(json(500, {})) : on());
    await ben.engine.round();
    ben.net.fate = null;
    await pullAlone(ben);
    expect(await note(ben, record)).toMatchObject({ is_detached: true, fields: { count: 5 } });
    expect(await ben.local.record('folder', 'f1')).toMatchObject({ is_detached: true, fields: { title: 'inbox' } });
    await settle([ben], 2);
    expect(model.records.get(`note/${record.id}`)?.fields['count']).toBe(5);
    expect(await note(ben, record)).toBeUndefined();
    expect(await ben.local.record('folder', 'f1')).toBeUndefined();
  });

  it('a bucket granted and taken away comes and goes with all its rows', async () => {
    const { model, ben, record } = await synced();
    model.move('note', record.id, 'branch:1');
    model.grant('ben', ['branch:1']);
    await ben.engine.round();
    expect(await note(ben, record)).toMatchObject({ rev: 1 });
    model.grant('ben', []);
    await ben.engine.round();
    expect(await note(ben, record)).toBeUndefined();
  });

  it('a put of a lower rev only notes its bucket (M-42), and a page applied twice is applied once', async () => {
    const { ana, record } = await synced();
    const change = { ...record, bucket: 'b1', op: 'put' as const };
    const page = [{ ...change, rev: 5, row: { title: 'new' } }, { ...change, bucket: 'b2', rev: 4, row: { title: 'old' } }];
    for (let i = 0; i < 2; i++) {
      await ana.local.context.store.write([...HELD_TABLES, 'files'], (tx) => applyChanges(tx, ana.local.context, 'rows', page));
      expect(await note(ana, record)).toMatchObject({ rev: 5, fields: { title: 'new' } });
    }
    const row = await ana.local.context.store.read(['rows'], (tx) => tx.get('rows', `note/${record.id}`));
    expect(row?.buckets).toEqual(['shared', 'b1', 'b2']);
  });

  it.each([1, 2, 3, 500])('comes out the same in pages of %i', async (limit) => {
    const model = server();
    const ana = await phone(model, { user: 'pia' });
    for (let i = 0; i < 7; i++) model.write('note', ana.local.newId(), { title: `n${i}` }, 'dora');
    model.page_limit = limit;
    await ana.engine.round();
    expect(await baseOf(ana.local)).toEqual(scopeOf(model, ['shared', 'home:pia']));
  });
});

describe('reset', () => {
  it.each(['epoch', 'schema', 'cursor'])('by %s fetches anew beside the rows in use and touches no work', async (why) => {
    const { model, ana, ben, record } = await synced();
    const lost = await addNote(ben);
    await addNote(ben);
    await settle([ben, ana], 2);
    const file = await ana.local.files.put(new ArrayBuffer(4), 'image/png');
    await ana.local.drafts.set(record, 'title', 'typed', 'a');
    model.records.delete(`note/${lost.id}`);
    model.feed.delete(`shared|note/${lost.id}`);
    let again = ana;
    if (why === 'epoch') model.epoch = 'e2';
    if (why === 'schema') {
      again = await phone(model, { user: 'pia', store: ana.local.context.store, clock: ana.clock, definitions: { ...definitions, schema: 2 } });
    }
    if (why === 'cursor') await ana.local.context.store.write(['meta'], (tx) => tx.put('meta', { name: 'cursor', value: '!!' }));
    model.page_limit = 1;
    // The network goes after the first page: the old rows stay in use, the download goes on where it was.
    let pages = 0;
    again.net.fate = (request, on) => (request.path.includes('/pull') && ++pages > 2 ? gone() : on());
    await edit(again, record, { count: 4 });
    await again.engine.round();
    expect(await note(again, lost)).toMatchObject({ rev: 1 });
    again.net.fate = null;
    await settle([again], 2);
    expect(await note(again, lost)).toBeUndefined();
    expect(await baseOf(again.local)).toEqual(scopeOf(model, ['shared', 'home:pia']));
    expect(await again.local.drafts.get(record, 'title')).toMatchObject({ value: 'typed' });
    expect(await again.local.files.bytes(file)).toBeDefined();
    expect(model.records.get(`note/${record.id}`)?.fields['count']).toBe(4);
  });

  it('of a server restored from a backup gets everything offered again, and shows it meanwhile', async () => {
    const { model, ana, record } = await synced();
    const backup = model.backup();
    await edit(ana, record, { count: 1 });
    const second = await addNote(ana, { title: 'after the backup' });
    await settle([ana], 2);
    model.restore(backup);
    await edit(ana, record, { count: 2 });
    const titles: unknown[] = [];
    const stop = ana.local.live(() => note(ana, second)).subscribe((view) => { titles.push(view?.fields['title']); });
    await settle([ana], 4);
    stop();
    expect(new Set(titles)).toEqual(new Set(['after the backup']));
    expect(model.records.get(`note/${record.id}`)?.fields['count']).toBe(2);
    expect(model.records.has(`note/${second.id}`)).toBe(true);
    expect(model.ledger.size).toBe(4);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
    expect(await baseOf(ana.local)).toEqual(scopeOf(model, ['shared', 'home:pia']));
  });
});

it('what a restored server no longer has is shown all the while, though nothing new was made', async () => {
  const { model, ana, record } = await synced();
  const backup = model.backup();
  const second = await addNote(ana, { title: 'after the backup' });
  await edit(ana, record, { count: 5 });
  await settle([ana], 2);
  model.restore(backup);
  ana.net.fate = (request, on) => (request.path.includes('/push') ? gone() : on());
  await pullAlone(ana);
  expect(await note(ana, second)).toMatchObject({ fields: { title: 'after the backup' }, is_detached: true });
  expect(await note(ana, record)).toMatchObject({ fields: { count: 5 }, rev: 1 });
  expect(await ana.local.counts()).toMatchObject({ operations: 2 });
  ana.net.fate = null;
  await settle([ana], 3);
  expect(await ana.local.counts()).toMatchObject({ operations: 0 });
  expect(model.ledger.size).toBe(3);
});

it('a row kept for unsent work over a restore gives way to the server\'s, though its rev was higher', async () => {
  const { model, ana, ben, record } = await synced();
  const backup = model.backup();
  for (const title of ['x', 'y', 'z']) model.write('note', record.id, { title }, 'dora');
  await settle([ben], 1);
  model.restore(backup);
  model.records.delete(`note/${record.id}`);
  model.feed.delete(`shared|note/${record.id}`);
  await ben.local.drafts.set(record, 'title', 'typed', 'z');
  await ben.engine.round();
  expect(await note(ben, record)).toMatchObject({ is_detached: true, rev: 4 });
  model.write('note', record.id, { title: 'again' }, 'dora');
  await ben.engine.round();
  expect(await note(ben, record)).toMatchObject({ is_detached: false, rev: 1, fields: { title: 'again' } });
  await settle([ana], 1);
});

describe('a database that is not what it was', () => {
  it('copied while it went on elsewhere becomes a device of its own and loses nothing', async () => {
    const { model, ana, record } = await synced();
    const rows = await ana.local.context.store.read(['outbox', 'meta', 'rows'], async (tx) =>
      ({ outbox: await tx.all('outbox'), meta: await tx.all('meta'), rows: await tx.all('rows') }));
    const copy = await phone(model, { user: 'pia' });
    await copy.local.context.store.write(['outbox', 'meta', 'rows'], async (tx) => {
      await tx.put('outbox', ...rows.outbox);
      await tx.put('meta', ...rows.meta);
      await tx.put('rows', ...rows.rows);
    });
    const twin = await phone(model, { user: 'pia', store: copy.local.context.store });
    expect(twin.local.context.device_id).toBe(ana.local.context.device_id);
    await edit(ana, record, { count: 1 });
    await ana.engine.round();
    const made = await addNote(twin, { title: 'by the twin' });
    await settle([twin, ana], 3);
    expect(twin.local.context.device_id).not.toBe(ana.local.context.device_id);
    expect(model.records.has(`note/${made.id}`)).toBe(true);
    expect(await twin.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
    expect(model.ledger.size).toBe(3);
  });

  it('with a hole in its outbox sends a void for it and goes on', async () => {
    const model = server();
    const ana = await phone(model);
    for (let i = 0; i < 3; i++) await addNote(ana);
    await ana.local.context.store.write(['outbox', 'overlay'], async (tx) => { await tx.drop('outbox', 2); await tx.drop('overlay', 2); });
    await settle([ana], 2);
    expect(model.ledger.size).toBe(2);
    expect([...model.devices.get(ana.local.context.device_id)!.results.values()].map(({ result }) => result['status']))
      .toEqual(['applied', 'void', 'applied']);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 1 });
  });

  it('whose rows drifted is found by the digest and mended by inventory', async () => {
    const { model, ana, record } = await synced();
    const other = await addNote(ana);
    await settle([ana], 2);
    await ana.local.context.store.write(['rows'], async (tx) => {
      await tx.drop('rows', `note/${record.id}`);
      const row = (await tx.get('rows', `note/${other.id}`))!;
      await tx.put('rows', { ...row, key: 'note/ghost', id: 'ghost' });
    });
    ana.clock.pass(9 * 3600_000);
    await ana.engine.round();
    expect(await baseOf(ana.local)).toEqual(scopeOf(model, ['shared', 'home:pia']));
  });

  it('is not compared at its first pull, but at the one after it', async () => {
    const { model } = await synced();
    const ana = await phone(model);
    const compared = (): boolean[] => ana.net.sent.map(({ path }) => path.includes('digest=1'));
    await ana.engine.round();
    await ana.engine.round();
    await ana.engine.round();
    expect(compared()).toEqual([false, true, false]);
  });
});

describe('acked operations', () => {
  it('are kept for 30 days of the server, whatever the phone\'s clock says, and the chain goes on without them', async () => {
    const clock = new HandClock();
    const model = server(clock);
    const ana = await phone(model, { user: 'pia' });
    const kept = (): Promise<number> => ana.local.context.store.read(['outbox'], async (tx) => (await tx.all('outbox')).length);
    const record = await addNote(ana);
    await settle([ana], 1);
    ana.clock.wall += 10 * 365 * 24 * 3600_000;
    await settle([ana], 2);
    expect(await kept()).toBe(1);
    const pass = (days: number): void => { clock.pass(days * 24 * 3600_000); ana.clock.pass(days * 24 * 3600_000); };
    pass(29);
    await edit(ana, record, { count: 1 });
    await settle([ana], 2);
    expect(await kept()).toBe(2);
    pass(2);
    await settle([ana], 2);
    expect(await kept()).toBe(1);
    pass(29);
    await settle([ana], 2);
    expect(await kept()).toBe(0);
    await edit(ana, record, { count: 2 });
    await settle([ana], 1);
    const all = pushes(model).filter(({ ops }) => ops.length > 0) as unknown as { prev_hash: string | null; ops: Sent[] }[];
    expect(all.map(({ prev_hash }) => prev_hash)).not.toContain(null);
    expect(all.at(-1)!.prev_hash).toBe((await linksOf(all.at(-2)!.prev_hash!, all.at(-2)!.ops)).at(-1));
  });
});

describe('anchors', () => {
  it('the newest of each of the last thirty days of the server is kept, and stands in the rescue file (M-69)', async () => {
    const clock = new HandClock();
    const model = server(clock);
    const ana = await phone(model, { user: 'pia', clock });
    const record = await addNote(ana);
    for (let day = 0; day < 32; day++) {
      for (const half of [0, 1]) {
        await edit(ana, record, { count: 2 * day + half + 1 });
        await settle([ana], 1);
        clock.pass(3600_000);
      }
      clock.pass(22 * 3600_000);
    }
    const rescued = new TextDecoder().decode(await (await ana.local.rescue()).arrayBuffer());
    const anchors = JSON.parse(/"anchors": (\{[^}]*\})/.exec(rescued)![1]!) as { [day: string]: string };
    expect(Object.keys(anchors)).toHaveLength(30);
    expect(Object.keys(anchors).sort().at(-1)).toBe('2026-12-23');
    expect(anchors['2026-12-23']).toBe(`anchor ${model.head}`);
    expect(anchors['2026-12-22']).toBe(`anchor ${model.head - 2}`);
  });
});

describe('clocks', () => {
  it('offset, uncertainty and age are measured, and a jump of the wall clock bends neither order nor offset', async () => {
    const { model, ana, record } = await synced();
    ana.clock.pass(30_000);
    ana.clock.wall -= 365 * 24 * 3600_000;
    await edit(ana, record, { count: 1 });
    await settle([ana], 2);
    const op = pushes(model).at(-1)!.ops[0]!;
    expect(op.clock).toEqual({ offset_ms: 365 * 24 * 3600_000, rtt_ms: 0, age_s: 30 });
    expect(op.occurred_at).toBe('2025-11-22T08:00:30.000Z');
    expect(model.records.get(`note/${record.id}`)?.fields['count']).toBe(1);
  });
});
