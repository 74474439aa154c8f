// Making operations: operation, seq and overlay go into one strict transaction; "saved" is its completion (K-1).
import { assertSyncable, canonical, same } from './canonical';
import { readingOf } from './clock';
import { keep, metaOf } from './context';
import type { Context } from './context';
import { kindOf } from './definitions';
import type { Done } from './definitions';
import { instant, keyOf, uuid7 } from './ids';
import type { Transaction } from './ports';
import { entriesOf, replay } from './view';
import type { Fields, Json, Operation, RecordRef, StoredOperation, TableName } from './words';

/** One operation may not be larger than this, in bytes of JSON. */
export const OPERATION_LIMIT_BYTES = 64 * 1024;

/** The tables that making an operation writes to. */
export const WRITE_TABLES: readonly TableName[] = ['outbox', 'overlay', 'rows', 'drafts', 'files', 'meta'];

/** The caller asked for something that can never be sent. */
export class Unsendable extends Error {
  override name = 'Unsendable';
}

/** What the caller says about an operation; the rest is filled in here. */
export interface Performing {
  type: string;
  record: RecordRef;
  args?: Fields;
  /** Values as the person saw them, of the fields touched. */
  base?: Fields;
  /** SHA-256 of files already put into the store. */
  files?: readonly string[];
  /** Instant of the tap; now when left out. */
  occurred_at?: string;
  /** The stuck operation that this one mends. */
  mends?: string;
  /** Records whose drafts this operation carries: they go in the same transaction. */
  clears?: readonly RecordRef[];
}

export interface Performed {
  op_id: string;
  seq: number;
}

/** Stores operations, in order, all or none. Resolves when they are on the disk. */
export async function perform(context: Context, wanted: readonly Performing[]): Promise<Performed[]> {
  wanted.forEach((each) => { assertPerformable(context, each); });
  const performed = await context.store.write(WRITE_TABLES, async (tx) => {
    const made: Performed[] = [];
    for (const each of wanted) made.push(await storeOperation(tx, context, each));
    return made;
  });
  context.saved();
  return performed;
}

function assertPerformable(context: Context, wanted: Performing): void {
  if (!Object.hasOwn(context.definitions.operations, wanted.type)) {
    throw new Unsendable(`operation type ${wanted.type} is not defined`);
  }
  assertSyncable(wanted.args ?? {}, 'args');
  assertSyncable(wanted.base ?? {}, 'base');
}

/** Stores one operation inside a transaction over WRITE_TABLES, or lets an untried one absorb it. */
export async function storeOperation(tx: Transaction, context: Context, wanted: Performing): Promise<Performed> {
  for (const record of wanted.clears ?? []) await clearDrafts(tx, record);
  const absorbed = await absorb(tx, context, wanted);
  if (absorbed) return absorbed;
  const seq = await metaOf(tx, 'next_seq', 1);
  const row = await tx.get('rows', keyOf(wanted.record));
  const contact = await metaOf(tx, 'contact', null);
  const now = context.clock.now();
  const base = await baseOf(tx, context, wanted);
  const clock = readingOf(contact, context.clock);
  const operation: Operation = {
    op_id: uuid7(now),
    type: wanted.type,
    v: context.definitions.operations[wanted.type]?.v ?? 1,
    record: { kind: wanted.record.kind, id: wanted.record.id },
    ...(row ? { base_rev: row.rev } : {}),
    ...(base ? { base } : {}),
    args: wanted.args ?? {},
    occurred_at: wanted.occurred_at ?? instant(now),
    mono_ms: Math.round(context.clock.mono()),
    ...(clock ? { clock } : {}),
    ...(wanted.files?.length ? { files: wanted.files.map((sha256) => `sha256:${sha256}`) } : {}),
    ...(wanted.mends ? { mends: wanted.mends } : {}),
  };
  await refer(tx, wanted.files ?? []);
  await putOperation(tx, context, operation, { seq, stored_at: now });
  await keep(tx, 'next_seq', seq + 1);
  return { op_id: operation.op_id, seq };
}

/** An edit's base has exactly the members of its arguments (M-09): what the caller saw, else what the screen shows. */
async function baseOf(tx: Transaction, context: Context, wanted: Performing): Promise<Fields | undefined> {
  const { record, type, args = {}, base } = wanted;
  if (type !== kindOf(context.definitions.kinds, record.kind).edit) return base;
  const fields = Object.keys(args);
  const shown = fields.every((field) => base && Object.hasOwn(base, field))
    ? undefined : await shownOf(tx, context, keyOf(record));
  const own = await ownEdits(tx, context, record, type);
  return Object.fromEntries(fields.map((field) => [field, past(own, field, base?.[field] ?? shown?.[field] ?? null)]));
}

/** Her own edits of the record that the server's rows do not show yet, in order. */
async function ownEdits(tx: Transaction, context: Context, record: RecordRef, type: string): Promise<Operation[]> {
  const stored = (await tx.by('outbox', 'record', keyOf(record))).sort((a, b) => a.seq - b.seq);
  const laid = await Promise.all(stored.map((one) => tx.get('overlay', one.seq)));
  return stored.filter((one, place) => laid[place] && one.type === type)
    .map((one) => context.device_seal.open(one.sealed) as unknown as Operation);
}

/** What was seen before an edit of her own is seen as that edit left it: nobody collides with herself. */
function past(own: readonly Operation[], field: string, seen: Json): Json {
  return own.reduce((value, { base, args }) =>
    base && Object.hasOwn(args, field) && same(base[field] ?? null, value) ? args[field] ?? null : value, seen);
}

interface Place {
  seq: number;
  stored_at: number;
}

async function putOperation(tx: Transaction, context: Context, operation: Operation, place: Place): Promise<void> {
  const { seq, stored_at } = place;
  const bytes = sizeOf(operation as unknown as Json);
  if (bytes > OPERATION_LIMIT_BYTES) {
    throw new Unsendable(`${operation.type} has ${bytes} bytes; one operation may have ${OPERATION_LIMIT_BYTES}`);
  }
  const record = keyOf(operation.record);
  await tx.put('outbox', {
    seq, op_id: operation.op_id, record, type: operation.type, state: 'new', stored_at,
    acked_at: null, bytes, files: filesOf(operation), status: null, link: null,
    sealed: context.device_seal.seal(operation as unknown as Json),
  });
  await layOverlay(tx, context, operation, seq);
}

/** Lays (or lays again) what an operation changes on the screen. */
export async function layOverlay(tx: Transaction, context: Context, operation: Operation, seq: number): Promise<void> {
  const record = keyOf(operation.record);
  const touches = context.definitions.operations[operation.type]?.touches;
  const seen = touches && await shownOf(tx, context, record);
  const done = doneOf(operation, seen);
  const touched = [operation.record, ...(touches?.(done) ?? [])];
  await tx.put('overlay', {
    seq, op_id: operation.op_id, record, state: 'unsent', feed_head: null,
    touches: [...new Set(touched.flatMap((each) => [each.kind, keyOf(each)]))],
    sealed: context.seal.seal(done as unknown as Json),
  });
}

/** What reducers see of an operation. */
export function doneOf(operation: Operation, seen?: Fields): Done {
  const { op_id, type, record, args, occurred_at, mends } = operation;
  const done: Done = { op_id, type, record, args, occurred_at, files: filesOf(operation) };
  return { ...done, ...(mends ? { mends } : {}), ...(seen ? { seen } : {}) };
}

/** SHA-256 of the files that an operation names (M-55). */
export function filesOf(operation: Operation): string[] {
  return (operation.files ?? []).map((name) => name.slice('sha256:'.length));
}

/** The fields of a record as the screen shows them. */
export async function shownOf(tx: Transaction, context: Context, key: string): Promise<Fields | undefined> {
  const entries = entriesOf(context, await tx.by('overlay', 'touches', key));
  return replay(context, key, await tx.get('rows', key), entries)?.fields;
}

/** UTF-8 bytes of a value's canonical text. */
export function sizeOf(value: Json): number {
  return new TextEncoder().encode(canonical(value)).length;
}

/**
 * An edit not yet tried absorbs a later edit of the same fields (K-1): same operation, same seq, newer value, the base
 * as first seen. Only while nothing but edits stands behind it: what was signed or left since keeps its place in order.
 */
async function absorb(tx: Transaction, context: Context, wanted: Performing): Promise<Performed | undefined> {
  const edit = kindOf(context.definitions.kinds, wanted.record.kind).edit;
  if (!edit || wanted.type !== edit || wanted.mends || wanted.files?.length) return undefined;
  const found = await absorberOf(tx, context, wanted);
  if (!found) return undefined;
  const operation = context.device_seal.open(found.sealed) as unknown as Operation;
  const now = context.clock.now();
  const clock = readingOf(await metaOf(tx, 'contact', null), context.clock);
  await putOperation(tx, context, {
    ...operation,
    args: { ...operation.args, ...wanted.args },
    occurred_at: wanted.occurred_at ?? instant(now),
    mono_ms: Math.round(context.clock.mono()),
    ...(clock ? { clock } : {}),
  }, found);
  return { op_id: found.op_id, seq: found.seq };
}

async function absorberOf(
  tx: Transaction, context: Context, wanted: Performing,
): Promise<StoredOperation | undefined> {
  const waiting = (await tx.by('outbox', 'state', 'new')).sort((a, b) => b.seq - a.seq);
  const fields = Object.keys(wanted.args ?? {});
  for (const stored of waiting) {
    const kind = stored.record.slice(0, stored.record.indexOf('/'));
    if (stored.type !== kindOf(context.definitions.kinds, kind).edit) return undefined;
    if (stored.record !== keyOf(wanted.record)) continue;
    const operation = context.device_seal.open(stored.sealed) as unknown as Operation;
    if (operation.mends) return undefined;
    if (fields.every((field) => Object.hasOwn(operation.args, field))) return stored;
    if (fields.some((field) => Object.hasOwn(operation.args, field))) return undefined;
  }
  return undefined;
}

/** Files are stored before the operation that names them. */
async function refer(tx: Transaction, files: readonly string[]): Promise<void> {
  for (const sha256 of new Set(files)) {
    const file = await tx.get('files', sha256);
    if (!file) throw new Unsendable(`file ${sha256} is not in the store: put it before the operation that names it`);
    await tx.put('files', { ...file, references: file.references + 1 });
  }
}

async function clearDrafts(tx: Transaction, record: RecordRef): Promise<void> {
  const drafts = await tx.by('drafts', 'record', keyOf(record));
  await tx.drop('drafts', ...drafts.map((draft) => draft.key));
}

/** Fields whose value is another than the base. */
export function changesOf(values: Fields, base: Fields): { args: Fields; base: Fields } {
  const changed = Object.keys(values).filter((field) => !same(values[field], base[field]));
  return {
    args: Object.fromEntries(changed.map((field) => [field, values[field] ?? null])),
    base: Object.fromEntries(changed.map((field) => [field, base[field] ?? null])),
  };
}
