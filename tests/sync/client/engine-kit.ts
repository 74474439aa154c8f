// Phones for the engine's tests: a store, an engine, one lock and one bell per phone, and a network that can be told to fail.
import { createEngine, openLocal, Unreachable } from '@fieldpledge/sync-client';
import type { Bell, Engine, HttpAnswer, HttpRequest, Local, Locks, Operation, Store, Surroundings, Transport } from '@fieldpledge/sync-client';
import { contentHashOf } from '@engine/chain';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { definitions, freshUser, HandClock, HandTimers } from './kit';
import { ModelServer, TOYS } from './model-server';
import type { World } from './model-server';

const ALL = ['pen', 'desk'];
/** The notes of kit.ts, on the server. */
export const WORLD: World = {
  kinds: {
    ...TOYS.kinds,
    note: {
      ...TOYS.kinds['note'], folder_id: { writers: ALL }, state: { writers: [] }, pictures: { writers: [] },
      meta: { writers: ALL },
    },
    folder: { owner_id: { writers: ALL }, title: { writers: ALL } },
    picture: { note_id: { writers: ['insert'] }, caption: { writers: ['insert'] } },
  },
  types: {
    ...TOYS.types,
    'folder.add': { mode: 'insert', kind: 'folder' }, 'folder.edit': { mode: 'edit', kind: 'folder' },
    'picture.add': { mode: 'insert', kind: 'picture', refs: { note_id: 'note' } },
  },
};

export function server(clock = new HandClock()): ModelServer {
  return new ModelServer(WORLD, () => clock.now());
}

/** One holder of a name at a time, in the order of asking. */
export class HandLocks implements Locks {
  private tails = new Map<string, Promise<void>>();
  async lead(name: string, cancelled: AbortSignal, hold: () => Promise<void>): Promise<void> {
    const before = this.tails.get(name);
    let release = (): void => undefined;
    this.tails.set(name, new Promise((resolve) => { release = resolve; }));
    await before;
    try { if (!cancelled.aborted) await hold(); } finally { release(); }
  }
}

/** A bell for the tabs of one phone; a tab does not hear itself. */
export class HandBell {
  private tabs = new Set<(word: string) => void>();
  tab(): Bell {
    const mine = new Set<(word: string) => void>();
    const hear = (word: string): void => { mine.forEach((heard) => { heard(word); }); };
    this.tabs.add(hear);
    return {
      ring: (word) => { this.tabs.forEach((tab) => { if (tab !== hear) tab(word); }); },
      listen: (heard) => { mine.add(heard); return () => { mine.delete(heard); }; },
      close: () => { this.tabs.delete(hear); },
    };
  }
}

export class HandSurroundings implements Surroundings {
  private listeners = new Set<(reason: 'online' | 'offline' | 'visible' | 'hidden') => void>();
  constructor(private is_seen = false) {}
  listen(happened: (reason: 'online' | 'offline' | 'visible' | 'hidden') => void): () => void {
    this.listeners.add(happened);
    return () => { this.listeners.delete(happened); };
  }
  is_online(): boolean { return true; }
  is_visible(): boolean { return this.is_seen; }
  say(reason: 'online' | 'offline' | 'visible' | 'hidden'): void {
    if (reason === 'visible' || reason === 'hidden') this.is_seen = reason === 'visible';
    this.listeners.forEach((heard) => { heard(reason); });
  }
}

export interface Phone {
  local: Local;
  engine: Engine;
  clock: HandClock;
  timers: HandTimers;
  surroundings: HandSurroundings;
  user: string;
  net: Net;
}

/** A network that does what the test says with each request. */
export class Net implements Transport {
  /** What happens to the next requests, in order; then everything goes through. */
  fate: ((request: HttpRequest, on: () => Promise<HttpAnswer>) => Promise<HttpAnswer>) | null = null;
  sent: HttpRequest[] = [];
  constructor(private readonly behind: Transport) {}
  async send(request: HttpRequest): Promise<HttpAnswer> {
    this.sent.push(request);
    const on = (): Promise<HttpAnswer> => this.behind.send(request);
    return this.fate ? this.fate(request, on) : on();
  }
}

export const gone = (): never => { throw new Unreachable('no network'); };

export interface PhoneSetup {
  user?: string;
  clock?: HandClock;
  store?: Store;
  locks?: Locks;
  bell?: HandBell;
  transport?: Transport;
  timers?: HandTimers;
  /** Whether somebody looks at the screen from the start. */
  is_seen?: boolean;
  random?: () => number;
  definitions?: typeof definitions;
}

let databases = 0;

/** A phone of a user. Give `store` to start an old phone anew. */
export async function phone(model: Pick<ModelServer, 'as'>, setup: PhoneSetup = {}): Promise<Phone> {
  const user = setup.user ?? freshUser();
  const clock = setup.clock ?? new HandClock();
  const timers = setup.timers ?? new HandTimers();
  const surroundings = new HandSurroundings(setup.is_seen ?? false);
  const store = setup.store ?? dexieStore(`engine-${++databases}`);
  const local = await openLocal({ store, definitions: setup.definitions ?? definitions, clock, timers });
  const net = new Net(setup.transport ?? model.as(user));
  const engine = createEngine({
    local, transport: net, locks: setup.locks ?? new HandLocks(), bell: (setup.bell ?? new HandBell()).tab(),
    surroundings, app: 'tests', random: setup.random ?? (() => 0.5),
  });
  return { local, engine, clock, timers, surroundings, user, net };
}

/** Rounds until nothing is left to do, at most `most`. */
export async function settle(phones: readonly Phone[], most = 12): Promise<void> {
  for (let i = 0; i < most; i++) for (const each of phones) await each.engine.round();
}

/** The base rows of a phone as kind/id → [rev, fields], detached ones apart. */
export async function baseOf(local: Local): Promise<{ [key: string]: unknown }> {
  const rows = await local.context.store.read(['rows'], (tx) => tx.all('rows'));
  return Object.fromEntries(rows.filter((row) => !row.detached)
    .sort((a, b) => (a.key < b.key ? -1 : 1)).map((row) => [row.key, [row.rev, row.sealed.box]]));
}

/** What a user's base must be, by the server's own tables. */
export function scopeOf(model: ModelServer, buckets: string[]): { [key: string]: unknown } {
  const records = buckets.flatMap((bucket) => model.holds(bucket));
  return Object.fromEntries(records.map((record) => [`${record.kind}/${record.id}`, [record.rev, record.fields]] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a phone says of itself to the checker. */
export interface Observed {
  user: string;
  made: { [op_id: string]: string };
  acked: { [op_id: string]: string };
  unsent: string[];
  rows: { [key: string]: unknown };
}

/** Asked at rest: its operations with their content, its receipts, its rows. */
export async function observedOf(local: Local, user: string): Promise<Observed> {
  const said: Observed = { user, made: {}, acked: {}, unsent: [], rows: await baseOf(local) };
  for (const each of await local.context.store.read(['outbox'], (tx) => tx.all('outbox'))) {
    const operation = local.context.device_seal.open(each.sealed) as unknown as Operation;
    said.made[each.op_id] = await contentHashOf({ ...operation, seq: 0 });
    if (each.state === 'acked') said.acked[each.op_id] = String(each.status); else said.unsent.push(each.op_id);
  }
  return said;
}
