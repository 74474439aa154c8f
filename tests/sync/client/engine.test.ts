// The engine against the model server: the good road, every answer that is none, stuck operations, scope, resets.
import { describe, expect, it } from 'vitest';
import type { Fields, HttpAnswer, Operation, RecordRef, View } from '@fieldpledge/sync-client';
import { pauseOf } from '@fieldpledge/sync-client';
import { baseOf, gone, phone, scopeOf, server, settle } from './engine-kit';
import type { Phone } from './engine-kit';
import { definitions } from './kit';
import { json } from './model-server';
import type { ModelServer } from './model-server';

async function addNote(ana: Phone, args: Fields = {}): Promise<RecordRef> {
  const record = { kind: 'note', id: ana.local.newId() };
  await ana.local.perform({ type: 'note.add', record, args: { title: 'a', count: 0, ...args } });
  return record;
}

function edit(ana: Phone, record: RecordRef, args: Fields): Promise<unknown> {
  return ana.local.perform({ type: 'note.edit', record, args });
}

async function note(ana: Phone, { id }: RecordRef): Promise<View | undefined> {
  return ana.local.record('note', id);
}

function pushes(model: ModelServer): { ops: Operation[] }[] {
  return model.requests.filter(({ path }) => path.endsWith('/push')).map(({ body }) => JSON.parse(body) as { ops: Operation[] });
}

async function synced(args: Fields = {}): Promise<{ model: ModelServer; ana: Phone; ben: Phone; record: RecordRef }> {
  const model = server();
  const [ana, ben] = [await phone(model, { user: 'pia' }), await phone(model, { user: 'ben' })];
  const record = await addNote(ana, args);
  await settle([ana, ben], 3);
  return { model, ana, ben, record };
}

describe('the good road', () => {
  it('sends, shows the same throughout, and leaves the overlay only when the pull has passed the receipt', async () => {
    const model = server();
    const ana = await phone(model);
    const record = await addNote(ana, { tags: ['x'] });
    const shown: unknown[] = [];
    const stop = ana.local.live(() => ana.local.record('note', record.id)).subscribe((view) => { shown.push(view?.fields['title']); });
    ana.net.fate = (request, on) => (request.path.includes('/pull') ? gone() : on());
    await ana.engine.round();
    const overlay = (): Promise<unknown[]> => ana.local.context.store.read(['overlay'], (tx) => tx.all('overlay'));
    expect(await overlay()).toMatchObject([{ state: 'acked', feed_head: 1 }]);
    expect(await note(ana, record)).toMatchObject({ rev: 0, marks: { unsent: [] } });
    ana.net.fate = null;
    await ana.engine.round();
    expect(await overlay()).toEqual([]);
    expect(await note(ana, record)).toMatchObject({ rev: 1, fields: { title: 'a', tags: ['x'], count: 0 } });
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0, last_sent_at: ana.clock.now() });
    stop();
    expect(new Set(shown)).toEqual(new Set(['a']));
  });

  it('brings what others did, by index keys too', async () => {
    const { ben, record } = await synced({ folder_id: 'f1' });
    expect(await ben.local.list('note', 'folder_id', 'f1')).toMatchObject([{ id: record.id, rev: 1, marks: { unsent: [] } }]);
  });

  it('keeps both values of a conflict, marks the field, and one tap settles it', async () => {
    const { model, ana, ben, record } = await synced();
    await edit(ana, record, { title: 'hers', count: 3 });
    await edit(ben, record, { title: 'his' });
    await settle([ben, ana, ben], 2);
    expect(await note(ana, record)).toMatchObject({ fields: { title: 'his', count: 3 }, marks: { conflicting: ['title'] } });
    const [need] = await ana.local.needs();
    expect(need?.conflict?.fields).toMatchObject({ server_value: 'his', phone_value: 'hers', state: 'open' });
    await ana.local.perform({ type: 'conflict.settle', record: { kind: 'conflict', id: need!.conflict!.id }, args: { choice: 'mine' } });
    expect(await note(ana, record)).toMatchObject({ fields: { title: 'hers' }, marks: { conflicting: [], unsent: ['title'] } });
    expect(await ana.local.needs()).toEqual([]);
    await settle([ana, ben]);
    expect(await note(ben, record)).toMatchObject({ fields: { title: 'hers' }, marks: { conflicting: [] } });
    expect(await baseOf(ana.local)).toEqual(scopeOf(model, ['shared', 'home:pia']));
  });

  it('splits 450 operations into requests of at most 200, in order', async () => {
    const model = server();
    const ana = await phone(model);
    await ana.local.performAll(Array.from({ length: 450 }, () => (
      { type: 'note.add', record: { kind: 'note', id: ana.local.newId() }, args: { title: 'a' } })));
    await ana.engine.round();
    expect(pushes(model).map(({ ops }) => ops.length)).toEqual([200, 200, 50]);
    expect(pushes(model).flatMap(({ ops }) => ops.map((op) => (op as unknown as { seq: number }).seq)))
      .toEqual(Array.from({ length: 450 }, (_, i) => i + 1));
  });

  it('keeps a request of large operations under 512 KiB', async () => {
    const model = server();
    const ana = await phone(model);
    for (let i = 0; i < 40; i++) await addNote(ana, { body: '字'.repeat(15_000) });
    await ana.engine.round();
    expect(pushes(model).length).toBeGreaterThan(3);
    expect(model.ledger.size).toBe(40);
    expect((await ana.local.counts()).unsent).toBe(0);
  });

  it('does not send while signed out, and sends all after signing in again', async () => {
    const model = server();
    const ana = await phone(model);
    await addNote(ana);
    expect(await ana.local.seal()).toMatchObject({ unsent: 1 });
    await ana.engine.round();
    expect(model.requests).toEqual([]);
    const again = await phone(model, { user: ana.user, store: ana.local.context.store });
    await again.engine.round();
    expect(model.ledger.size).toBe(1);
  });

  it('makes rested drafts into operations and sends them', async () => {
    const { model, ana, record } = await synced();
    await ana.local.drafts.set(record, 'title', 'typed', 'a');
    await ana.engine.round();
    expect(model.ledger.size).toBe(1);
    ana.clock.pass(60_000);
    await ana.engine.round();
    expect(model.records.get(`note/${record.id}`)?.fields['title']).toBe('typed');
  });
});

describe('no answer of any kind deletes an operation', () => {
  const html: HttpAnswer = { status: 200, headers: { 'content-type': 'text/html' }, text: '<html>Welcome to Hotel WiFi</html>' };
  it.each<[string, HttpAnswer | 'gone', object]>([
    ['a portal that says 200', html, { is_offline: false }],
    ['other JSON', json(200, { ok: true }), {}],
    ['an empty 200', { status: 200, headers: {}, text: '' }, {}],
    ['204', { status: 204, headers: {}, text: '' }, {}],
    ['302 swallowed', { status: 302, headers: {}, text: '' }, {}],
    ['400 of everything', json(400, { type: '/problems/unreadable-request' }), { problem: 'unreadable-request' }],
    ['400 of a proxy', { status: 400, headers: {}, text: '<h1>Bad Request</h1>' }, {}],
    ['401', json(401, { type: '/problems/not-signed-in' }), { is_signed_out: true }],
    ['403', json(403, { type: '/problems/device-revoked' }), { problem: 'device-revoked' }],
    ['404', json(404, { type: '/problems/not-found' }), {}],
    ['409 that repeats itself', json(409, { type: '/problems/sequence-gap', acked_seq: 0, expected_seq: 1 }), { problem: 'sequence-gap' }],
    ['413 of everything', json(413, { type: '/problems/too-large' }), {}],
    ['413 of a proxy', { status: 413, headers: {}, text: '<h1>Too large</h1>' }, {}],
    ['415', json(415, { type: '/problems/unsupported-encoding' }), { problem: 'unsupported-encoding' }],
    ['426', json(426, { type: '/problems/update-needed' }), { problem: 'update-needed' }],
    ['429', { ...json(429, { type: '/problems/too-many' }), headers: { 'retry-after': '60' } }, {}],
    ['500', json(500, { type: '/problems/internal' }), {}],
    ['503 of a proxy', { status: 503, headers: {}, text: 'upstream' }, {}],
    ['no network', 'gone', { is_offline: true }],
  ])('%s', async (_, answer, state) => {
    const model = server();
    const ana = await phone(model, { user: 'pia' });
    const record = await addNote(ana);
    await edit(ana, record, { count: 2 });
    await ana.local.drafts.set(record, 'title', 'typed', 'a');
    const file = await ana.local.files.put(new ArrayBuffer(10), 'image/png');
    const before = await ana.local.counts();
    ana.net.fate = async () => (answer === 'gone' ? gone() : answer);
    for (let i = 0; i < 3; i++) await ana.engine.round();
    expect(await ana.local.counts()).toEqual(before);
    expect(ana.engine.state()).toMatchObject(state);
    ana.net.fate = null;
    await settle([ana], 2);
    expect(await ana.local.counts()).toMatchObject({ operations: 0, drafts: 1, needs_you: 0 });
    expect([...model.ledger.values()].map(({ result }) => result['status'])).toEqual(['applied', 'applied']);
    expect(ana.engine.state()).toMatchObject({ is_signed_out: false, problem: null, is_offline: false });
    expect(await ana.local.files.bytes(file)).toBeDefined();
  });

  it('retry leaves it and what stands behind it where they are', async () => {
    const model = server();
    const ana = await phone(model);
    await addNote(ana);
    await addNote(ana);
    ana.net.fate = async (request, on) => {
      const answer = JSON.parse((await on()).text) as Fields & { results: Fields[] };
      if (!request.path.endsWith('/push')) return json(200, answer);
      model.restore(empty);
      return json(200, { ...answer, acked_seq: 0, results: [{ ...answer.results[0], status: 'retry' }] });
    };
    const empty = model.backup();
    await ana.engine.round();
    expect(await ana.local.counts()).toMatchObject({ operations: 2 });
    ana.net.fate = null;
    await settle([ana], 2);
    expect(await ana.local.counts()).toMatchObject({ operations: 0 });
    expect(model.ledger.size).toBe(2);
  });

  it('a lost answer is healed by the stored result', async () => {
    const { model, ana, record } = await synced();
    await edit(ana, record, { count: 1 });
    ana.net.fate = async (request, on) => { const answer = await on(); return request.path.includes('/push') ? gone() : answer; };
    await ana.engine.round();
    expect(await ana.local.counts()).toMatchObject({ operations: 1 });
    ana.net.fate = null;
    await ana.engine.round();
    expect(await ana.local.counts()).toMatchObject({ operations: 0 });
    expect(model.records.get(`note/${record.id}`)).toMatchObject({ rev: 2, fields: { count: 1 } });
  });
});

it('without a network nothing is tried, so that edits of one field stay one operation', async () => {
  const { model, ana, record } = await synced();
  ana.net.fate = gone;
  await ana.engine.round();
  for (const title of ['b', 'c', 'd']) {
    await ana.local.drafts.set(record, 'title', title, 'a');
    await ana.local.drafts.commit(record);
    await ana.engine.round();
  }
  expect(await ana.local.counts()).toMatchObject({ operations: 1 });
  ana.net.fate = null;
  await settle([ana], 2);
  expect([...model.ledger.values()].map(({ op }) => [op.args['title'], op.base?.['title']])).toEqual([['a', undefined], ['d', 'a']]);
});

it('an operation that was tried never changes, though its answer was lost: the next key is another operation (M-11)', async () => {
  const { model, ana, record } = await synced();
  await edit(ana, record, { count: 1 });
  ana.net.fate = async (request, on) => { const answer = await on(); return request.path.includes('/push') ? gone() : answer; };
  await ana.engine.round();
  await edit(ana, record, { count: 2 });
  ana.net.fate = null;
  await settle([ana], 2);
  expect([...model.ledger.values()].map(({ op, result }) => [op.args['count'], result['status']]))
    .toEqual([[0, 'applied'], [1, 'applied'], [2, 'applied']]);
});

describe('413', () => {
  it('is halved until it goes through', async () => {
    const model = server();
    const ana = await phone(model);
    for (let i = 0; i < 30; i++) await addNote(ana);
    model.instead = (request) => (typeof request.body === 'string' && (JSON.parse(request.body) as { ops: [] }).ops.length > 4
      ? json(413, { type: '/problems/too-large' }) : null);
    await ana.engine.round();
    expect(model.ledger.size).toBe(30);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
  });

  it('of a single one makes it stuck with its payload, sends its number as a void, and the rest goes on', async () => {
    const model = server();
    const ana = await phone(model);
    await addNote(ana);
    const large = await addNote(ana, { title: 'much too large' });
    await addNote(ana);
    model.instead = (request) => (String(request.body).includes('much too large') ? json(413, { type: '/problems/too-large' }) : null);
    await settle([ana], 3);
    expect(await ana.local.counts()).toMatchObject({ operations: 0, needs_you: 1 });
    const [need] = await ana.local.needs();
    expect(need?.stuck).toMatchObject({
      status: 'void', record: large, operation: { args: { title: 'much too large' } }, problem: { type: '/problems/too-large' },
    });
    expect(model.devices.get(ana.local.context.device_id)?.results.size).toBe(3);
    // The server's record of the lost number is known by now; mending names it.
    expect(need?.stuck?.mends).toBe(need?.stuck?.view?.id);
    model.instead = null;
    await ana.local.perform({ type: 'note.add', record: large, args: { title: 'shorter' }, mends: need!.stuck!.mends! });
    expect(await ana.local.needs()).toEqual([]);
    await settle([ana], 3);
    expect(await ana.local.needs()).toEqual([]);
    expect(await note(ana, large)).toMatchObject({ fields: { title: 'shorter' } });
  });
});

describe('a refused operation', () => {
  it('steps aside with its reason, what depends on it waits, the rest goes on; mending runs what waited', async () => {
    const { model, ana, record } = await synced();
    await edit(ana, record, { due: '2026-12-01' });
    await ana.local.perform({ type: 'note.close', record });
    const other = await addNote(ana);
    await ana.engine.round();
    expect(await note(ana, other)).toMatchObject({ rev: 1 });
    expect((await ana.local.stuck()).map(({ status, blocked_by }) => [status, blocked_by !== null]).sort()).toEqual(
      [['blocked', true], ['rejected', false]]);
    const [need] = await ana.local.needs();
    expect(need?.stuck).toMatchObject({ problem: { type: '/problems/not-owner', field: 'args.due' }, type: 'note.edit' });
    expect(await note(ana, record)).toMatchObject({ fields: { due: null } });
    await ana.local.perform({ type: 'note.edit', record, args: { count: 7 }, mends: need!.stuck!.mends! });
    expect(await ana.local.needs()).toEqual([]);
    await settle([ana], 3);
    expect(await ana.local.stuck()).toEqual([]);
    expect(await note(ana, record)).toMatchObject({ fields: { count: 7, closed: true } });
    expect(await baseOf(ana.local)).toEqual(scopeOf(model, ['shared', `home:${ana.user}`]));
  });

  it('is readable before the pull tells of it', async () => {
    const { ana, record } = await synced();
    await edit(ana, record, { due: '2026-12-01' });
    ana.net.fate = (request, on) => (request.path.includes('/pull') ? gone() : on());
    await ana.engine.round();
    expect((await ana.local.needs())[0]?.stuck).toMatchObject({ status: 'rejected', operation: { args: { due: '2026-12-01' } } });
    expect(await note(ana, record)).toMatchObject({ marks: { stuck: ['due'] } });
  });
});

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
    // A failed push stops the round; the pull is asked for by itself here.
    ben.net.fate = null;
    const { pullAll } = await import('@engine/pull');
    const { context } = ben.local;
    await pullAll({ context, wire: { transport: ben.net, clock: ben.clock, timers: ben.timers }, app: '', signer: null });
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

describe('pauses', () => {
  const failed = { is: 'later', wait_ms: null, problem: null, is_offline: true } as const;
  it('are 30 s with jitter at rest, grow after failures to five minutes, and honour Retry-After', () => {
    expect([0, 0.5, 1].map((chance) => pauseOf({ is: 'done' }, 0, chance))).toEqual([24_000, 30_000, 36_000]);
    expect([1, 2, 3, 9, 90].map((failures) => pauseOf(failed, failures, 1))).toEqual([4_000, 8_000, 16_000, 300_000, 300_000]);
    expect(pauseOf(failed, 1, 0)).toBe(2_000);
    expect(pauseOf({ ...failed, wait_ms: 60_000 }, 1, 0)).toBe(60_000);
  });
});
