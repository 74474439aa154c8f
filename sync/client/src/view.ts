// What is shown: base rows with the overlay replayed on them (K-1). Reads only; used by local.ts inside a transaction.
// What can be asked at once is: on a slow phone each answer of IndexedDB costs a turn, and few awaits keep a live query live.
import { same } from './canonical';
import { indexKey, indexKeysOf, kindOf } from './definitions';
import type { Definitions, Done } from './definitions';
import { keyOf, recordOf } from './ids';
import type { Seal, Transaction } from './ports';
import type { Fields, Json, Operation, OverlayState, StoredOverlay, StoredRow, TableName, View } from './words';

/** The tables that a view is read from. */
export const VIEW_TABLES: readonly TableName[] = ['rows', 'overlay', 'stuck'];

export interface Viewing {
  definitions: Definitions;
  seal: Seal;
}

/** An overlay entry with its box opened. */
export interface Entry {
  seq: number;
  state: OverlayState;
  touches: readonly string[];
  done: Done;
}

/** The view of one record; undefined when neither the server nor the outbox knows it. */
export async function viewOf(tx: Transaction, viewing: Viewing, key: string): Promise<View | undefined> {
  return (await viewsOf(tx, viewing, [key]))[0];
}

/** Views of the named records, in the order of the keys; those that are not there are left out. */
export async function viewsOf(tx: Transaction, viewing: Viewing, keys: readonly string[]): Promise<View[]> {
  const [rows, ...stored] = await Promise.all([tx.many('rows', keys), ...keys.map((key) => tx.by('overlay', 'touches', key))]);
  return merged(tx, viewing, keys, rows, entriesOf(viewing, stored.flat()));
}

/** Views of all records of a kind, or of those with one value of an index key; ascending by id. */
export async function viewsWhere(
  tx: Transaction, viewing: Viewing, kind: string, where?: { index: string; value: Json },
): Promise<View[]> {
  const wanted = where && indexKey(kind, where.index, where.value);
  if (where && !kindOf(viewing.definitions.kinds, kind).index?.includes(where.index)) {
    throw new Error(`kind ${kind} declares no index ${where.index}`);
  }
  const [rows, stored] = await Promise.all([
    wanted ? tx.by('rows', 'keys', wanted) : tx.by('rows', 'kind', kind), tx.by('overlay', 'touches', kind),
  ]);
  const entries = entriesOf(viewing, stored);
  const keys = new Set(rows.map((row) => row.key));
  const missing = [...touchedOf(entries, kind)].filter((key) => !keys.has(key));
  rows.push(...(await tx.many('rows', missing)));
  const all = [...keys, ...missing].sort();
  const views = await merged(tx, viewing, all, rows, entries);
  if (!wanted) return views;
  return views.filter((view) => indexKeysOf(viewing.definitions.kinds, kind, view.fields).includes(wanted));
}

/** Opens overlay entries, in the order of their seq, each once. */
export function entriesOf(viewing: Viewing, stored: readonly StoredOverlay[]): Entry[] {
  const bySeq = new Map(stored.map((each) => [each.seq, each]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).map((each) => ({
    seq: each.seq,
    state: each.state,
    touches: each.touches,
    done: viewing.seal.open(each.sealed) as unknown as Done,
  }));
}

const NOTHING: ReadonlyMap<string, string[]> = new Map();

/** kind/id → fields that stuck operations of this device wanted to change. */
async function stuckFields(tx: Transaction, viewing: Viewing): Promise<Map<string, string[]>> {
  const fields = new Map<string, string[]>();
  for (const stored of await tx.all('stuck')) {
    const { operation } = viewing.seal.open(stored.sealed) as unknown as { operation: Operation };
    fields.set(stored.record, [...(fields.get(stored.record) ?? []), ...Object.keys(operation.args)]);
  }
  return fields;
}

function touchedOf(entries: readonly Entry[], kind: string): Set<string> {
  const prefix = `${kind}/`;
  return new Set(entries.flatMap((entry) => entry.touches.filter((touch) => touch.startsWith(prefix))));
}

async function merged(
  tx: Transaction, viewing: Viewing, keys: readonly string[], rows: readonly StoredRow[], entries: readonly Entry[],
): Promise<View[]> {
  if (keys.length === 0) return [];
  const [conflicts, stuck] = await Promise.all([
    keys[0]?.startsWith('conflict/') ? NOTHING : openConflicts(tx, viewing), stuckFields(tx, viewing),
  ]);
  const base = new Map(rows.map((row) => [row.key, row]));
  const views: View[] = [];
  for (const key of keys) {
    const view = replay(viewing, key, base.get(key), entries);
    if (!view) continue;
    view.marks.conflicting = conflicts.get(key) ?? [];
    view.marks.stuck = stuck.get(key) ?? [];
    views.push(view);
  }
  return views;
}

/** One record: base, then every entry that touches it. Pure. */
export function replay(
  viewing: Viewing, key: string, base: StoredRow | undefined, entries: readonly Entry[],
): View | undefined {
  const record = recordOf(key);
  let fields = base ? (viewing.seal.open(base.sealed) as Fields) : undefined;
  const unsent = new Set<string>();
  for (const entry of entries) {
    if (!entry.touches.includes(key)) continue;
    const after = applied(viewing.definitions, fields, entry.done, record);
    if (entry.state === 'unsent') changedFields(fields, after).forEach((field) => unsent.add(field));
    fields = after;
  }
  if (!fields) return undefined;
  return {
    ...record,
    rev: base?.rev ?? 0,
    fields,
    marks: { unsent: [...unsent], stuck: [], conflicting: [] },
    is_detached: base?.detached === 1,
  };
}

function applied(
  definitions: Definitions, row: Fields | undefined, done: Done, record: { kind: string; id: string },
): Fields | undefined {
  const definition = Object.hasOwn(definitions.operations, done.type) ? definitions.operations[done.type] : undefined;
  // An operation that this release no longer knows still travels; it only shows nothing.
  return definition ? definition.apply(row, done, record) : row;
}

/** Names of the fields whose canonical text differs. */
function changedFields(before: Fields | undefined, after: Fields | undefined): string[] {
  if (!after || before === after) return [];
  return Object.keys(after).filter((field) => !before || !same(before[field], after[field]));
}

/** Open conflict records after replay: kind/id of the record → names of its fields. */
async function openConflicts(tx: Transaction, viewing: Viewing): Promise<Map<string, string[]>> {
  const open = await viewsWhere(tx, viewing, 'conflict', { index: 'state', value: 'open' });
  const fields = new Map<string, string[]>();
  for (const { fields: conflict } of open) {
    const key = keyOf({ kind: String(conflict['record_kind']), id: String(conflict['record_id']) });
    fields.set(key, [...(fields.get(key) ?? []), String(conflict['field'])]);
  }
  return fields;
}
