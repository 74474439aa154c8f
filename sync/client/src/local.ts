// The device's half that screens use: reads, drafts, operations, files, what needs the person. No network here.
import { systemClock } from './clock';
import { keep, metaOf } from './context';
import type { Context } from './context';
import type { Definitions } from './definitions';
import { indexFingerprint, indexKeysOf } from './definitions';
import { draftsOf } from './drafts';
import type { Drafts } from './drafts';
import { filesOfStore, withRoom } from './files';
import type { Files } from './files';
import { keyOf, uuid7 } from './ids';
import { NEED_TABLES, needsOf, stuckOf } from './needs';
import type { Need, Stuck } from './needs';
import { perform } from './outbox';
import type { Performed, Performing } from './outbox';
import type { Clock, Live, Seal, Store, Timers } from './ports';
import { rescueOf } from './rescue';
import { plainSeal } from './seal';
import { countsOf } from './status';
import type { Counts } from './status';
import type { Fields, Json, RecordRef, View } from './words';
import { VIEW_TABLES, viewOf, viewsWhere } from './view';

export interface LocalPorts {
  store: Store;
  definitions: Definitions;
  seal?: Seal;
  device_seal?: Seal;
  clock?: Clock;
  timers?: Timers;
  /** Only for a database that has none yet; a database keeps the id it was made with (M-07). */
  device_id?: string;
}

/** Work would be lost: the number of unsent things was not named. */
export class WouldLose extends Error {
  override name = 'WouldLose';
  constructor(readonly counts: Counts) {
    super(`${counts.unsent} things are not sent yet`);
  }
}

/** What screens and the engine work with. */
export interface Local {
  readonly context: Context;
  readonly drafts: Drafts;
  readonly files: Files;
  /** A new record id. */
  newId(): string;
  record<F extends object = Fields>(kind: string, id: string): Promise<View<F> | undefined>;
  list<F extends object = Fields>(kind: string, index: string, value: Json): Promise<View<F>[]>;
  all<F extends object = Fields>(kind: string): Promise<View<F>[]>;
  /** Any of the reads above, told again when its answer may have changed, in any tab. */
  live<T>(query: () => Promise<T>): Live<T>;
  /** Stores one operation; resolves when it is on the disk: only then say "saved". */
  perform(wanted: Performing): Promise<Performed>;
  /** Several at once, all or none, in this order. */
  performAll(wanted: readonly Performing[]): Promise<Performed[]>;
  counts(): Promise<Counts>;
  needs(): Promise<Need[]>;
  stuck(): Promise<Stuck[]>;
  /** Drafts, outbox, stuck operations and files as one ZIP (README, "rescue file"). */
  rescue(): Promise<Blob>;
  /** Signing out: everything stays on the disk for this user; answers what is not sent yet. */
  seal(): Promise<Counts>;
  /** Removes the database for good. `losing` must be the number of unsent things, so that nobody loses them unaware. */
  wipe(losing: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens the local half over a store. */
export async function openLocal(ports: LocalPorts): Promise<Local> {
  const seal = ports.seal ?? plainSeal;
  const clock = ports.clock ?? systemClock;
  const device_id = await prepare(ports, seal, clock);
  const context: Context = {
    store: withRoom(ports.store), definitions: ports.definitions, seal, device_seal: ports.device_seal ?? plainSeal, clock,
    timers: ports.timers ?? systemTimers, device_id, saved: () => undefined,
  };
  return localOf(context);
}

/** The browser's timers. */
export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => { clearTimeout(timer); };
  },
};

/**
 * Gives a new database its device id, and lays index keys anew when their declarations changed. Most starts only read:
 * the first screen does not wait for a disk.
 */
async function prepare(ports: LocalPorts, seal: Seal, clock: Clock): Promise<string> {
  const { kinds } = ports.definitions;
  const print = indexFingerprint(kinds);
  const ready = await ports.store.read(['meta'], async (tx) => {
    const is_ready = await metaOf(tx, 'index_fingerprint', '') === print && !await metaOf(tx, 'is_signed_out', false);
    return is_ready ? metaOf(tx, 'device_id', '') : '';
  });
  return ready || ports.store.write(['meta', 'rows'], async (tx) => {
    const known = await metaOf(tx, 'device_id', '');
    const device_id = known || (ports.device_id ?? uuid7(clock.now()));
    if (!known) {
      await keep(tx, 'device_id', device_id);
      await keep(tx, 'created_at', clock.now());
    }
    if (await metaOf(tx, 'index_fingerprint', '') !== print) {
      const rows = await tx.all('rows');
      const laid = rows.map((row) => ({ ...row, keys: indexKeysOf(kinds, row.kind, seal.open(row.sealed) as Fields) }));
      await tx.put('rows', ...laid);
      await keep(tx, 'index_fingerprint', print);
    }
    await keep(tx, 'is_signed_out', false);
    return device_id;
  });
}

function localOf(context: Context): Local {
  const drafts = draftsOf(context);
  const { store } = context;
  const performAll = async (wanted: readonly Performing[]): Promise<Performed[]> => {
    await drafts.flush();
    return perform(context, wanted);
  };
  const typed = <T>(views: Promise<unknown>): Promise<T> => views as Promise<T>;
  return {
    context, drafts, files: filesOfStore(context),
    newId: () => uuid7(context.clock.now()),
    record: (kind, id) => typed(store.read(VIEW_TABLES, (tx) => viewOf(tx, context, keyOf({ kind, id })))),
    list: (kind, index, value) => typed(
      store.read(VIEW_TABLES, (tx) => viewsWhere(tx, context, kind, { index, value }))),
    all: (kind) => typed(store.read(VIEW_TABLES, (tx) => viewsWhere(tx, context, kind))),
    live: (query) => store.live(query),
    perform: async (wanted) => (await performAll([wanted]))[0]!,
    performAll,
    counts: () => countsOf(context),
    needs: () => store.read(NEED_TABLES, (tx) => needsOf(tx, context)),
    stuck: () => store.read(NEED_TABLES, (tx) => stuckOf(tx, context)),
    rescue: async () => { await drafts.flush(); return rescueOf(context); },
    async seal() {
      await drafts.flush();
      await store.write(['meta'], (tx) => keep(tx, 'is_signed_out', true));
      return countsOf(context);
    },
    async wipe(losing) {
      await drafts.flush();
      const counts = await countsOf(context);
      if (counts.unsent !== losing) throw new WouldLose(counts);
      await drafts.end();
      await store.wipe();
    },
    async close() {
      await drafts.end();
      await store.close();
    },
  };
}

export type { RecordRef };
