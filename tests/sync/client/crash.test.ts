// Every crash point (invariant 20, TESTS.md S3): the page dies before and after each write and each request of a working
// day, is opened again, and nothing that was said to be saved is missing or twice.
import { describe, expect, it } from 'vitest';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { baseOf, phone, scopeOf, server, settle } from './engine-kit';
import type { Phone } from './engine-kit';
import { HandClock } from './kit';
import { Life } from './mortal-store';
import type { Death } from './mortal-store';
import type { ModelServer } from './model-server';

let runs = 0;

interface Day {
  model: ModelServer;
  life: Life;
  /** what the person was told is saved */
  saved: Set<string>;
  drafts: { id: string; value: string }[];
  files: Set<string>;
  name: string;
  clock: HandClock;
}

/** One day of work on a phone that may die in it. */
async function day(death: Death): Promise<Day> {
  const clock = new HandClock();
  const model = server(clock);
  const old = '0198aaaa-0000-7000-8000-00000000000a';
  model.write('note', old, { title: 'office', count: 0, body: '', tags: [] }, 'dora');
  const life = new Life(death);
  const name = `crash-${++runs}`;
  const made: Day = { model, life, saved: new Set(), drafts: [], files: new Set(), name, clock };
  const ana = await phone(model, { user: 'pia', clock, store: life.store(dexieStore(name)), transport: life.transport(model.as('pia')) })
    .catch(() => null);
  if (ana) await work(ana, made, old).catch(() => undefined);
  await ana?.local.context.store.close();
  return made;
}

async function work(ana: Phone, { model, saved, drafts, files }: Day, old: string): Promise<void> {
  const { local, engine } = ana;
  await engine.round();
  const note = { kind: 'note', id: local.newId() };
  saved.add((await local.perform({ type: 'note.add', record: note, args: { title: 'new', count: 0 } })).op_id);
  await local.drafts.set({ kind: 'note', id: old }, 'title', 'typed', 'office');
  drafts.push({ id: old, value: 'typed' });
  const photo = await local.files.put(new Uint8Array(300 * 1024).fill(runs % 250).buffer, 'image/jpeg');
  saved.add((await local.perform({
    type: 'picture.add', record: { kind: 'picture', id: local.newId() }, args: { note_id: note.id, caption: 'east' }, files: [photo],
  })).op_id);
  files.add(photo);
  await engine.round();
  ana.clock.pass(61_000);
  model.write('note', old, { body: 'the office wrote' }, 'dora');
  await engine.round();
  saved.add((await local.perform({ type: 'note.edit', record: note, args: { due: '2026-12-01' } })).op_id);
  saved.add((await local.perform({ type: 'note.close', record: note })).op_id);
  await engine.round();
  model.epoch = 'e2';
  saved.add((await local.perform({ type: 'note.edit', record: { kind: 'note', id: old }, args: { count: 9 } })).op_id);
  await engine.round();
  await engine.round();
}

/** The phone is opened again and syncs in peace. */
async function afterwards({ model, saved, drafts, files, name, clock }: Day): Promise<void> {
  const ana = await phone(model, { user: 'pia', clock, store: dexieStore(name) });
  for (const { id, value } of drafts) {
    const draft = await ana.local.drafts.get({ kind: 'note', id }, 'title');
    const shown = await ana.local.record('note', id);
    const is_operation = [...model.ledger.values()].some(({ op }) => op.args['title'] === value);
    expect(draft?.value === value || shown?.fields['title'] === value || is_operation).toBe(true);
  }
  ana.clock.pass(61_000);
  await settle([ana], 5);
  for (const op_id of saved) expect(model.ledger.has(op_id)).toBe(true);
  expect(await ana.local.counts()).toMatchObject({ operations: 0, drafts: 0 });
  for (const sha256 of files) expect(model.files.stored.has(sha256)).toBe(true);
  const results = [...model.devices.get(ana.local.context.device_id)?.results.values() ?? []];
  expect(results.filter(({ result }) => result['status'] === 'void')).toEqual([]);
  expect(new Set(results.map(({ op_id }) => op_id)).size).toBe(results.length);
  expect(model.ledger.size).toBe(results.length);
  expect(await baseOf(ana.local)).toEqual(scopeOf(model, ['shared', 'home:pia']));
  const overlay = await ana.local.context.store.read(['overlay'], (tx) => tx.all('overlay'));
  expect(overlay).toEqual([]);
  await ana.local.close();
}

describe('a page that dies', () => {
  it('at no point: the day itself', async () => {
    const whole = await day({ at: 0, what: 'write', when: 'before' });
    expect(whole.life.is_over).toBe(false);
    expect(whole.saved.size).toBe(5);
    await afterwards(whole);
  });

  it.each([
    ['write', 'before'], ['write', 'after'], ['request', 'before'], ['request', 'during'], ['request', 'after'],
  ] as const)('at any %s, %s it', async (what, when) => {
    const whole = await day({ at: 0, what, when });
    const points = whole.life.counts[what];
    expect(points).toBeGreaterThan(10);
    for (let at = 1; at <= points; at++) {
      const made = await day({ at, what, when });
      expect(made.life.is_over, `${what} ${at}`).toBe(true);
      await afterwards(made).catch((error: unknown) => { throw new Error(`died ${when} ${what} ${at}: ${String(error)}`, { cause: error }); });
    }
  });
});
