// The client as it is on the phone against the server as it is: HTTP, sign-in, SQL (TESTS.md S1, S7). Who starts the
// server and what stands behind /office: test_client_against_server.py.
import { describe, expect, it } from 'vitest';
import type { Fields, Json, Transport } from '@fieldpledge/sync-client';
import { fetchTransport, signerOf } from '@fieldpledge/sync-client/browser';
import { baseOf, phone, settle } from '../client/engine-kit';
import { runDays, SITUATIONS, USERS } from '../client/world';
import type { Backing } from '../client/world';

interface Given {
  url: string;
  /** user of the toys → session cookie */
  cookies: { [user: string]: string };
}

const given = JSON.parse(process.env['SYNC_E2E'] ?? '{}') as Given;
const RUNS = Number(process.env['RUNS'] ?? 20);
const SEED = Number(process.env['SEED'] ?? 20261122);

function transportOf(user: string): Transport {
  return {
    send: (request) => fetchTransport(given.url, { cookie: given.cookies[user] ?? '', 'x-fieldpledge': '1' }).send(request),
  };
}

async function office<T>(what: string, body: Fields = {}): Promise<T> {
  const answer = await fetch(`${given.url}/office/${what}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`office ${what}: ${answer.status} ${await answer.text()}`);
  return await answer.json() as T;
}

/** What a user's base must be, asked from the beginning by a client of twenty lines. */
async function scopeOf(user: string): Promise<{ [key: string]: unknown }> {
  const rows = new Map<string, { buckets: Set<string>; row: [number, Json] }>();
  const transport = transportOf(user);
  for (let cursor: string | null = null; ;) {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await transport.send({
      method: 'GET', timeout_ms: 10_000, path: `/api/sync/v1/pull?device_id=${crypto.randomUUID()}&schema=1&limit=7${query}`,
    });
    if (answer.status === 204) break;
    const page = JSON.parse(answer.text) as { cursor: string; more: boolean; changes: Change[] };
    for (const { kind, id, bucket, op, rev, row } of page.changes) {
      const held = rows.get(`${kind}/${id}`) ?? { buckets: new Set(), row: [0, null] };
      if (op === 'put') { held.buckets.add(bucket); held.row = [rev, row ?? null]; } else held.buckets.delete(bucket);
      rows.set(`${kind}/${id}`, held);
    }
    cursor = page.cursor;
    if (!page.more) break;
  }
  return Object.fromEntries([...rows].filter(([, { buckets }]) => buckets.size > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { row }]) => [key, row]));
}

interface Change { kind: string; id: string; bucket: string; op: 'put' | 'remove'; rev: number; row?: Json }

async function serverBacking(): Promise<Backing> {
  given.cookies = await office('empty');
  return {
    transport: transportOf,
    async write(id, field, value) { await office('write', { id, field, value }); },
    async move(id, is_in) { await office('move', { id, is_in }); },
    async backup() { await office('backup'); },
    async restore() { given.cookies = await office('restore'); },
    async ledger() {
      const lines = await office<{ op_id: string; hash: string; status: string; conflict_ids: string[] }[]>('ledger');
      return new Map(lines.map((line) => [line.op_id, line]));
    },
    async conflicts() { return new Set(await office<string[]>('conflicts')); },
    numbers: (device_id) => office('numbers', { device_id }),
    scope: scopeOf,
    real: {
      async cancel(id) { await office('cancel', { id }); },
      async die(at) { await office('die', { at }); },
      async signOut(user) { await office('sign_out', { user }); },
      async signIn(user) { given.cookies[user] = await office('sign_in', { user }); },
      judge: (phones) => office('judge', { phones: phones as unknown as Json }),
    },
  };
}

describe('the client against the real server', () => {
  it('sends, signs, uploads, and shows what the office wrote', async () => {
    given.cookies = await office('empty');
    const behind = transportOf('pia');
    const ana = await phone({ as: () => behind }, { user: 'pia' });
    const signer = await signerOf(ana.local.context.store);
    const registered = await behind.send({
      method: 'POST', path: '/api/devices', timeout_ms: 10_000, headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: ana.local.context.device_id, label: 'test', public_key: { ...signer.public_key } }),
    });
    expect(registered.status, registered.text).toBeLessThan(300);
    const note = { kind: 'note', id: ana.local.newId() };
    const file = await ana.local.files.put(new TextEncoder().encode('面板裂纹 '.repeat(40_000)).buffer, 'text/plain');
    await ana.local.perform({ type: 'note.add', record: note, args: { title: 'new', count: 0, body: '甲。乙。' } });
    await ana.local.perform({
      type: 'tag.add', record: { kind: 'tag', id: ana.local.newId() }, args: { note_id: note.id, name: 'x' }, files: [file],
    });
    await settle([ana], 3);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
    expect(await ana.local.files.get(file)).toMatchObject({ state: 'stored' });
    await office('write', { id: note.id, field: 'due', value: '2026-12-01' });
    await ana.local.drafts.set(note, 'title', 'typed', 'new');
    await ana.local.drafts.commit(note);
    await settle([ana], 2);
    expect(await ana.local.record('note', note.id)).toMatchObject({ rev: 3, fields: { title: 'typed', due: '2026-12-01' } });
    expect(await baseOf(ana.local)).toEqual(await scopeOf('pia'));
  });

  it(`${RUNS} random days lose nothing, double nothing, invent nothing, and settle`, { timeout: 3600_000 }, async () => {
    const seen = await runDays(serverBacking, RUNS, SEED);
    // A situation that never occurred proves nothing; a few days need not meet all of them.
    if (RUNS >= 10) expect(SITUATIONS.filter((each) => !seen.has(each))).toEqual([]);
    expect(USERS).toHaveLength(3);
  });
});
