// One random day: three phones and the office, a network that drops, doubles, delays and lies, pages that die, clocks
// that jump, scopes that move, a server put back to a backup. What stands behind (the model, or the real server) is a port.
import fc from 'fast-check';
import { expect } from 'vitest';
import { Unreachable } from '@fieldpledge/sync-client';
import type { HttpAnswer, HttpRequest, Json, Transport } from '@fieldpledge/sync-client';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { baseOf, observedOf, phone, settle } from './engine-kit';
import type { Observed, Phone } from './engine-kit';
import { HandClock } from './kit';
import { Life } from './mortal-store';

/** What a random day needs of the server behind it. */
export interface Backing {
  transport(user: string): Transport;
  /** The office writes a field; nothing happens when the server does not know the note. */
  write(id: string, field: string, value: Json): Promise<void>;
  /** A note comes into everybody's scope or leaves it. */
  move(id: string, is_in: boolean): Promise<void>;
  backup(): Promise<void>;
  restore(): Promise<void>;
  /** op_id → what the server keeps of it. */
  ledger(): Promise<Map<string, { hash: string; status: string; conflict_ids: string[] }>>;
  /** Ids of all conflict records. */
  conflicts(): Promise<Set<string>>;
  /** The numbers kept of a device, ascending, and how many of them are voids. */
  numbers(device_id: string): Promise<{ seqs: number[]; voids: number }>;
  /** What a user's base must be: kind/id → [rev, fields]. */
  scope(user: string): Promise<{ [key: string]: unknown }>;
  /** What only a real server has; a day leaves out what is not there. */
  real?: {
    /** The office takes a note away. */
    cancel(id: string): Promise<void>;
    /** The server dies in the next request: before or after its commit, or at its nth statement; then it is up again. */
    die(at: number | 'before COMMIT' | 'after COMMIT'): Promise<void>;
    signOut(user: string): Promise<void>;
    signIn(user: string): Promise<void>;
    /** The faults that tests/faults/checker.py finds, by name. */
    judge(phones: Observed[]): Promise<{ [fault: string]: string[] }>;
  };
}

export const USERS = ['pia', 'ben', 'cai'] as const;

type Fate = 'through' | 'lost' | 'answer lost' | 'doubled' | 'late' | '500' | 'portal' | '401' | 'server dies';
export type Step =
  | { do: 'add' | 'close' | 'tally' | 'picture' | 'settle' | 'mend' | 'tab' | 'commit'; who: number; which: number }
  | { do: 'edit' | 'type'; who: number; which: number; field: number; value: number }
  | { do: 'cancel'; which: number }
  | { do: 'sign out'; who: number }
  | { do: 'office'; which: number; field: number; value: number }
  | { do: 'move'; which: number; where: boolean }
  | { do: 'sync'; who: number; fates: Fate[] }
  | { do: 'die'; who: number; at: number; after: boolean }
  | { do: 'time'; who: number; minutes: number }
  | { do: 'backup' | 'restore' | 'deliver' };

const who = fc.nat(2);
const which = fc.nat(7);
const fate = fc.oneof({ weight: 6, arbitrary: fc.constant<Fate>('through') },
  { weight: 4, arbitrary: fc.constantFrom<Fate>('lost', 'answer lost', 'doubled', 'late', '500', 'portal', '401', 'server dies') });
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('add', 'close', 'tally', 'picture', 'settle', 'mend', 'tab', 'commit'), who, which }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('edit', 'type'), who, which, field: fc.nat(3), value: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('office'), which, field: fc.nat(3), value: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move'), which, where: fc.boolean() }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('sync'), who, fates: fc.array(fate, { maxLength: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die'), who, at: fc.integer({ min: 1, max: 12 }), after: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('time'), who, minutes: fc.oneof(fc.nat(90), fc.integer({ min: -5_000_000, max: 5_000_000 })) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('backup', 'restore', 'deliver') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sign out'), who }) },
) as fc.Arbitrary<Step>;

const FIELDS = ['title', 'count', 'body', 'due'] as const;

function valueOf(field: string, value: number): Json {
  if (field === 'count') return value;
  if (field === 'due') return value === 0 ? null : `2026-12-0${value}`;
  return field === 'body' ? ['甲。', '乙。', '丙。', '丁。'].slice(0, 1 + (value % 4)).join('') + `${value}。` : `t${value}`;
}

let worlds = 0;

/** Everything of one random day. */
export class World {
  readonly notes: string[] = [];
  /** op_ids of what was said to be saved */
  readonly saved = new Set<string>();
  readonly seen = new Set<string>();
  private readonly late: HttpRequest[] = [];
  private readonly name = `world-${++worlds}`;
  private readonly phones: Phone[] = [];
  private restores = 0;
  private cuts = 0;
  constructor(private readonly backing: Backing) {}

  async begin(): Promise<void> {
    await this.backing.backup();
    for (let i = 0; i < 3; i++) this.phones.push(await this.boot(i, new Life(), new HandClock()));
  }

  private boot(who: number, life: Life, clock: HandClock): Promise<Phone> {
    const user = USERS[who]!;
    return phone({ as: (name) => this.backing.transport(name) }, {
      user, clock, store: life.store(dexieStore(`${this.name}-${who}`)), transport: life.transport(this.backing.transport(user)),
    });
  }

  private note(which: number): string | undefined {
    return this.notes.length === 0 ? undefined : this.notes[which % this.notes.length];
  }

  async take(step: Step): Promise<void> {
    this.seen.add(step.do);
    switch (step.do) {
      case 'office': return this.office(step);
      case 'move': {
        const id = this.note(step.which);
        if (id) await this.backing.move(id, step.where);
        return;
      }
      case 'backup': return this.backing.backup();
      case 'restore': this.restores += 1; return this.backing.restore();
      case 'cancel': return this.backing.real?.cancel(this.note(step.which) ?? '');
      case 'sign out': return this.signOut(this.phones[step.who]!);
      case 'deliver': for (const request of this.late.splice(0)) await this.deliver(request); return;
      case 'time': this.phones[step.who]!.clock.pass(Math.abs(step.minutes % 90) * 60_000);
        this.phones[step.who]!.clock.wall += step.minutes * 60_000; return;
      case 'sync': return this.sync(this.phones[step.who]!, step.fates);
      case 'die': return this.die(step.who, step.at, step.after);
      default: return this.work(this.phones[step.who]!, step);
    }
  }

  private async office({ which, field, value }: { which: number; field: number; value: number }): Promise<void> {
    const id = this.note(which);
    const name = FIELDS[field]!;
    if (id) await this.backing.write(id, name, valueOf(name, value + 10));
  }

  private async work({ local }: Phone, step: Step & { who: number; which: number }): Promise<void> {
    const id = this.note(step.which);
    const record = { kind: 'note', id: id ?? '' };
    if (step.do === 'add') {
      const made = local.newId();
      this.notes.push(made);
      await this.perform(local, { type: 'note.add', record: { kind: 'note', id: made },
        args: { title: 'new', count: 0, body: '甲。乙。' } });
      return;
    }
    if (step.do === 'settle' || step.do === 'mend') return this.need(local, step.do, step.which);
    const shown = id ? await local.record('note', id) : undefined;
    if (!shown) return;
    if (step.do === 'tally') await this.perform(local, { type: 'note.tally', record });
    if (step.do === 'close') await this.perform(local, { type: 'note.close', record });
    if (step.do === 'commit') { const made = await local.drafts.commit(record); if (made) this.saved.add(made.op_id); }
    if (step.do === 'picture' || step.do === 'tab') {
      const sha256 = await local.files.put(new Uint8Array(2000).fill(65 + step.which).buffer, 'text/plain');
      await this.perform(local, { type: 'tag.add', record: { kind: 'tag', id: local.newId() },
        args: { note_id: id!, name: 'c' }, files: [sha256] });
    }
    if (step.do === 'type' || step.do === 'edit') {
      const field = FIELDS[step.field]!;
      const [value, base] = [valueOf(field, step.value), shown.fields[field] ?? null];
      if (step.do === 'type') { await local.drafts.set(record, field, value, base); return; }
      await this.perform(local, { type: 'note.edit', record, args: { [field]: value }, base: { [field]: base } });
      expect((await local.record('note', id!))?.fields[field], 'read your writes').toEqual(value);
    }
  }

  private async perform(local: Phone['local'], wanted: Parameters<Phone['local']['perform']>[0]): Promise<void> {
    this.saved.add((await local.perform(wanted)).op_id);
  }

  private async need(local: Phone['local'], what: 'settle' | 'mend', which: number): Promise<void> {
    const needs = await local.needs();
    const need = needs[which % Math.max(1, needs.length)];
    if (need?.conflict && what === 'settle') {
      const choice = ['mine', 'theirs', 'edit'][which % 3]!;
      await this.perform(local, { type: 'conflict.settle', record: { kind: 'conflict', id: need.conflict.id },
        args: { choice, value: choice === 'edit' ? need.conflict.fields['base_value'] ?? null : null } });
    }
    const stuck = need?.stuck;
    if (stuck?.mends && what === 'mend' && stuck.type === 'note.edit' && await local.record('note', stuck.record.id)) {
      await this.perform(local, { type: 'note.edit', record: stuck.record, args: { count: which }, mends: stuck.mends });
    }
  }

  private async sync(one: Phone, fates: Fate[]): Promise<void> {
    const queue = [...fates];
    one.net.fate = async (request, on) => {
      const fate = queue.shift() ?? 'through';
      this.seen.add(fate);
      if (fate === 'lost') throw new Unreachable();
      if (fate === 'late') { this.late.push(request); Object.assign(request, { by: one.user }); throw new Unreachable(); }
      if (fate === 'answer lost') { await on(); throw new Unreachable(); }
      if (fate === 'doubled') await on();
      if (fate === 'server dies') return this.dying(on);
      const instead: { [fate: string]: HttpAnswer } = {
        '500': { status: 500, headers: {}, text: 'oops' }, portal: { status: 200, headers: {}, text: '<html>' },
        '401': { status: 401, headers: {}, text: '{"type":"/problems/not-signed-in"}' },
      };
      return instead[fate] ?? on();
    };
    await one.engine.round();
    one.net.fate = null;
  }

  /** The session ends on the server; the phone learns of it in a sync, then its person signs in again. */
  private async signOut(one: Phone): Promise<void> {
    await this.backing.real?.signOut(one.user);
    await one.engine.round();
    await this.backing.real?.signIn(one.user);
  }

  /** Where the server dies: in turn before the commit, after it, and at any statement. */
  private async dying(on: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    this.cuts += 1;
    await this.backing.real?.die((['before COMMIT', 'after COMMIT'] as const)[this.cuts % 3] ?? (this.cuts * 7) % 50 + 1);
    await on();
    throw new Unreachable();
  }

  private async deliver(request: HttpRequest): Promise<void> {
    await this.backing.transport((request as HttpRequest & { by: string }).by).send(request).catch(() => undefined);
  }

  /** The page dies in the middle of a sync and is opened again. */
  private async die(who: number, at: number, after: boolean): Promise<void> {
    const old = this.phones[who]!;
    await old.local.close();
    const dying = await this.boot(who, new Life({ at, what: 'write', when: after ? 'after' : 'before' }), old.clock).catch(() => null);
    await dying?.engine.round().catch(() => undefined);
    await dying?.local.context.store.close();
    this.phones[who] = await this.boot(who, new Life(), old.clock);
  }

  /** The network heals, everybody syncs; then what must hold is looked at. */
  async rest(): Promise<void> {
    this.late.length = 0;
    for (const { local } of this.phones) {
      const drafts = await local.context.store.read(['drafts'], (tx) => tx.all('drafts'));
      for (const id of new Set(drafts.map(({ record }) => record.slice('note/'.length)))) {
        const made = await local.drafts.commit({ kind: 'note', id });
        if (made) this.saved.add(made.op_id);
      }
    }
    await settle(this.phones, 12);
    await this.check();
  }

  private async check(): Promise<void> {
    const ledger = await this.backing.ledger();
    for (const op_id of this.saved) expect(ledger.has(op_id), `lost: ${op_id}`).toBe(true);
    const phones = await Promise.all(this.phones.map((one) => this.observe(one)));
    const made = new Map(phones.flatMap((one) => Object.entries(one.made)));
    expect([...ledger.keys()].sort(), 'invented or forgotten').toEqual([...made.keys()].sort());
    if (this.backing.real) expect(await this.backing.real.judge(phones)).toEqual({});
    const conflicts = await this.backing.conflicts();
    for (const [op_id, { hash, status, conflict_ids }] of ledger) {
      expect(hash, 'changed on the way').toBe(made.get(op_id));
      expect(['applied', 'merged', 'conflict', 'rejected', 'blocked', 'parked']).toContain(status);
      expect(status !== 'conflict' || conflict_ids.length > 0).toBe(true);
      for (const id of conflict_ids) expect(conflicts.has(id), 'a conflict that nobody sees').toBe(true);
    }
    for (const one of this.phones) await this.checkPhone(one);
  }

  /** A receipt from before a restore tells what was, not what is. */
  private async observe(one: Phone): Promise<Observed> {
    const said = await observedOf(one.local, one.user);
    if (this.restores > 0) for (const op_id of Object.keys(said.acked)) said.acked[op_id] = 'in another epoch';
    return said;
  }

  private async checkPhone(one: Phone): Promise<void> {
    expect(await one.local.counts(), one.user).toMatchObject({ operations: 0, drafts: 0, files: 0 });
    expect(await baseOf(one.local), one.user).toEqual(await this.backing.scope(one.user));
    const left = await one.local.context.store.read(['overlay', 'rows'], async (tx) =>
      [...await tx.all('overlay'), ...(await tx.all('rows')).filter((row) => row.detached)]);
    expect(left, 'overlay and detached rows at rest').toEqual([]);
    const { seqs, voids } = await this.backing.numbers(one.local.context.device_id);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(voids, 'voids').toBe(0);
  }

  async end(): Promise<void> {
    for (const { local } of this.phones) await local.context.store.wipe();
  }
}

/** Everything that a run of many days must have met. */
export const SITUATIONS = ['401', '500', 'add', 'answer lost', 'backup', 'cancel', 'close', 'commit', 'deliver', 'die', 'doubled', 'edit',
  'late', 'lost', 'mend', 'move', 'office', 'picture', 'portal', 'restore', 'server dies', 'settle', 'sign out', 'sync', 'tab', 'tally', 'through', 'time', 'type'].sort();

/** Runs random days; returns the situations that occurred. A failing schedule is printed; SHRINK=1 makes it small. */
export async function runDays(backing: () => Backing | Promise<Backing>, runs: number, seed: number): Promise<Set<string>> {
  const seen = new Set<string>();
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
    const world = new World(await backing());
    await world.begin();
    try {
      for (const each of steps) await world.take(each);
      await world.rest();
    } finally {
      world.seen.forEach((each) => seen.add(each));
      await world.end();
    }
  }), { numRuns: runs, seed, endOnFailure: process.env['SHRINK'] !== '1' });
  return seen;
}
