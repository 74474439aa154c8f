// The engine against the model server: the good road, every answer that is none, what is too large, what was refused.
import { describe, expect, it } from 'vitest';
import { pauseOf } from '@fieldpledge/sync-client';
import type { Fields, HttpAnswer } from '@fieldpledge/sync-client';
import { baseOf, gone, phone, scopeOf, server, settle } from './engine-kit';
import { json } from './model-server';
import { addNote, edit, note, pushes, synced } from './notes';

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

  it('asks for the next page while it stores one, and takes no time from an answer that may have lain there', async () => {
    const { model, ben } = await synced();
    for (let i = 0; i < 4; i++) await addNote(ben);
    await settle([ben], 1);
    model.page_limit = 2;
    const ana = await phone(model);
    const steps: string[] = [];
    ana.net.fate = ({ path }, on) => {
      if (steps.push(path.includes('ahead=1') ? 'asked ahead' : 'asked') > 1) ana.clock.pass(5_000);
      return on();
    };
    const { store } = ana.local.context;
    ana.local.context.store = {
      ...store,
      write: async (tables, body) => {
        const value = await store.write(tables, body);
        if (tables.includes('shadow')) steps.push('stored');
        return value;
      },
    };
    await ana.engine.round();
    expect(steps).toEqual(['asked', 'asked ahead', 'stored', 'asked ahead', 'stored', 'stored']);
    expect(await store.read(['meta'], (tx) => tx.get('meta', 'contact'))).toMatchObject({ value: { mono_ms: ana.clock.mono() - 10_000 } });
    expect(await baseOf(ana.local)).toEqual(scopeOf(model, ['shared', `home:${ana.user}`]));
  });

  it('takes larger pages, and waits longer for them, until its first pull is complete', async () => {
    const ana = await phone(server());
    ana.net.fate = (_, on) => (ana.net.sent.length === 1 ? gone() : on());
    for (let round = 0; round < 3; round++) await ana.engine.round();
    const pulls = ana.net.sent.filter(({ path }) => path.includes('/pull'));
    expect(pulls.map(({ path, timeout_ms }) => [/limit=\d+/.exec(path)?.[0], timeout_ms])).toEqual([
      ['limit=1000', 120_000], ['limit=1000', 120_000], ['limit=500', 60_000],
    ]);
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

describe('pauses', () => {
  const failed = { is: 'later', wait_ms: null, problem: null, is_offline: true } as const;
  it('are 30 s at rest, lengthened by chance so that two requests a minute are never exceeded, grow after failures to a minute, and honour Retry-After', () => {
    expect([0, 0.5, 1].map((chance) => pauseOf({ is: 'done' }, 0, chance))).toEqual([30_000, 33_000, 36_000]);
    expect([1, 2, 3, 9, 90].map((failures) => pauseOf(failed, failures, 1))).toEqual([4_000, 8_000, 16_000, 60_000, 60_000]);
    expect(pauseOf(failed, 1, 0)).toBe(2_000);
    expect(pauseOf({ ...failed, wait_ms: 60_000 }, 1, 0)).toBe(60_000);
  });
});
