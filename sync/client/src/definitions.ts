// What the application declares: its kinds (index keys, parents) and how each operation changes what is shown.
// Reducers are pure: the same overlay on the same base always shows the same.
import type { Fields, Json, RecordRef } from './words';
import { keyOf } from './ids';

/** What a reducer sees of an operation. */
export interface Done {
  op_id: string;
  type: string;
  record: RecordRef;
  args: Fields;
  occurred_at: string;
  files: readonly string[];
  mends?: string;
  /** What the screen showed of the operation's own record; kept for definitions that have `touches`. */
  seen?: Fields;
}

export interface KindDefinition {
  /** Fields by which rows are listed; an array field gives one key per element. */
  index?: readonly string[];
  /** Field → kind of the record it names. While a row has unsent work, what it names stays on the device. */
  parents?: { readonly [field: string]: string };
  /** The operation that carries committed drafts; without it drafts wait for an explicit `perform`. */
  edit?: string;
}

export type Kinds = { readonly [kind: string]: KindDefinition };

export interface OperationDefinition {
  /** Version of the operation's arguments. */
  v?: number;
  /** Records changed on the screen besides the operation's own. */
  touches?: (done: Done) => RecordRef[];
  /** The row after the operation; `undefined` in and out means there is none. Never changes `row`. */
  apply: (row: Fields | undefined, done: Done, record: RecordRef) => Fields | undefined;
}

export type Operations = { readonly [type: string]: OperationDefinition };

export interface Definitions {
  kinds: Kinds;
  operations: Operations;
  /** Version of kinds and fields; travels in the cursor and in every push. */
  schema: number;
}

/** Declares the kinds; `conflict` and `stuck_operation` are known to the library itself. */
export function defineKinds<const K extends Kinds>(kinds: K): K {
  return kinds;
}

/** Declares the operations. */
export function defineOperations<const O extends Operations>(operations: O): O {
  return operations;
}

/** Reducer of an edit: the arguments replace the fields of a row that is there. */
export const assigns: OperationDefinition['apply'] = (row, done) => (row ? { ...row, ...done.args } : undefined);

/** Reducer of an insert-only record: made from the arguments; a server's row wins once it is there. */
export const inserts: OperationDefinition['apply'] = (row, done) => ({ ...done.args, ...row });

/** Reducer that lets a record be as it is (the server alone changes it). */
export const waits: OperationDefinition['apply'] = (row) => row;

/** conflict.settle {choice: mine | theirs | edit, value}: the conflict closes, the chosen value is seen at once. */
export const settlesConflict: OperationDefinition = {
  touches: ({ seen }) => (seen ? [{ kind: String(seen['record_kind']), id: String(seen['record_id']) }] : []),
  apply: (row, { args, seen }, record) => {
    if (!row || record.kind === 'conflict') return row && { ...row, state: 'settled', choice: args['choice'] ?? null };
    const value = args['choice'] === 'mine' ? seen?.['phone_value'] : args['value'];
    return seen && args['choice'] !== 'theirs' ? { ...row, [String(seen['field'])]: value ?? null } : row;
  },
};

/** kind/index/value keys of a row, by its kind's declaration. */
export function indexKeysOf(kinds: Kinds, kind: string, fields: Fields): string[] {
  const keys: string[] = [];
  for (const index of kindOf(kinds, kind).index ?? []) {
    const value = fields[index];
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined) keys.push(indexKey(kind, index, each));
    }
  }
  return [...new Set(keys)];
}

/** The key under which rows of one index value stand. */
export function indexKey(kind: string, index: string, value: Json): string {
  return `${kind}/${index}/${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

/** The declaration of a kind; kinds that this release does not know are stored and listed by id only. */
export function kindOf(kinds: Kinds, kind: string): KindDefinition {
  const declared = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  const own = OWN_KINDS[kind];
  if (!own) return declared ?? {};
  return { ...declared, index: [...(own.index ?? []), ...(declared?.index ?? [])] };
}

/** The kinds of the library itself: the server writes them, a screen lists them. */
const OWN_KINDS: Kinds = {
  conflict: { index: ['record_id', 'state'] },
  stuck_operation: { index: ['record_id', 'state', 'op_id'] },
  file: { index: [] },
};

/** kind/id of the records that a row names as its parents. */
export function parentKeysOf(kinds: Kinds, kind: string, fields: Fields): string[] {
  const keys: string[] = [];
  for (const [field, parent] of Object.entries(kindOf(kinds, kind).parents ?? {})) {
    const value = fields[field];
    for (const id of Array.isArray(value) ? value : [value]) {
      if (typeof id === 'string') keys.push(keyOf({ kind: parent, id }));
    }
  }
  return keys;
}

/** A text that changes when index declarations change, so that stored keys can be laid anew. */
export function indexFingerprint(kinds: Kinds): string {
  const names = Object.keys({ ...OWN_KINDS, ...kinds }).sort();
  return names.map((kind) => `${kind}:${(kindOf(kinds, kind).index ?? []).join(',')}`).join(';');
}
