// What needs the person: open conflicts and operations that stand aside, from the server's records and, until those are
// pulled, from the device's own notes.
import type { Context } from './context';
import type { Done } from './definitions';
import { recordOf } from './ids';
import type { Transaction } from './ports';
import { viewsWhere } from './view';
import type { Fields, Operation, RecordRef, StoredFile, StoredStuck, TableName, View } from './words';

export interface Stuck {
  op_id: string;
  /** What `mends` of a new operation must name; null while the server has not told of a lost number. */
  mends: string | null;
  record: RecordRef;
  type: string;
  status: string;
  problem: Fields | null;
  blocked_by: string | null;
  /** The whole operation, when it is known here. */
  operation: Fields | null;
  occurred_at: string | null;
  /** The server's record of it, once pulled. */
  view: View | null;
}

export interface Need {
  conflict?: View;
  stuck?: Stuck;
  /** A file that the server refused, with the problem. */
  file?: StoredFile;
}

/** What the device itself keeps of a stuck operation. */
export interface StuckContent {
  operation: Operation;
  problem: Fields | null;
  blocked_by: string | null;
}

/** The tables that `stuckOf` and `needsOf` read. */
export const NEED_TABLES: readonly TableName[] = ['rows', 'overlay', 'stuck', 'files'];

/** Every stuck operation that is still open, those that wait for another one included. */
export async function stuckOf(tx: Transaction, context: Context): Promise<Stuck[]> {
  const [pulled, local, mending] = await Promise.all([
    viewsWhere(tx, context, 'stuck_operation', { index: 'state', value: 'open' }), tx.all('stuck'), mendingIds(tx, context),
  ]);
  const rest = new Map(local.map((each) => [each.op_id, each]));
  const all = pulled.map((view) => {
    const own = local.find((each) => isSame(each, view, context.device_id));
    if (own) rest.delete(own.op_id);
    const stuck = fromServer(view);
    return own && !stuck.operation ? { ...fromDevice(context)(own), mends: view.id, view } : stuck;
  });
  all.push(...[...rest.values()].map(fromDevice(context)));
  return all.filter((each) => !mending.has(each.op_id) && !(each.mends && mending.has(each.mends)));
}

/** Whether the server's record tells of this operation; of a lost number it knows no op_id. */
export function isSame(stuck: StoredStuck, view: { fields: Fields }, device_id: string): boolean {
  const { op_id, seq, device_id: device } = view.fields;
  return op_id === stuck.op_id || (!op_id && stuck.status === 'void' && seq === stuck.seq && device === device_id);
}

/** What the person should look at: conflicts, and stuck operations that wait for nobody else. */
export async function needsOf(tx: Transaction, context: Context): Promise<Need[]> {
  const [conflicts, all, files] = await Promise.all([
    viewsWhere(tx, context, 'conflict', { index: 'state', value: 'open' }), stuckOf(tx, context), tx.by('files', 'state', 'refused'),
  ]);
  const stuck = all.filter(({ status }) => status === 'rejected' || status === 'void');
  return [
    ...conflicts.map((conflict) => ({ conflict })), ...stuck.map((each) => ({ stuck: each })),
    ...files.map((file) => ({ file })),
  ];
}

/** Operations that an operation of the overlay mends: they no longer need anybody. */
async function mendingIds(tx: Transaction, context: Context): Promise<Set<string>> {
  const done = (await tx.all('overlay')).map((each) => context.seal.open(each.sealed) as unknown as Done);
  return new Set(done.flatMap((each) => (each.mends ? [each.mends] : [])));
}

function fromServer(view: View): Stuck {
  const text = (field: string): string => String(view.fields[field] ?? '');
  const or_null = (field: string): Fields | null => (view.fields[field] ?? null) as Fields | null;
  return {
    op_id: text('op_id') || view.id,
    mends: view.id,
    record: { kind: text('record_kind'), id: text('record_id') },
    type: text('type'),
    status: text('status'),
    problem: or_null('problem'),
    blocked_by: text('blocked_by') || null,
    operation: or_null('payload'),
    occurred_at: text('occurred_at') || null,
    view,
  };
}

function fromDevice(context: Context): (stored: StoredStuck) => Stuck {
  return (stored) => {
    const { operation, problem, blocked_by } = context.seal.open(stored.sealed) as unknown as StuckContent;
    return {
      op_id: stored.op_id, mends: stored.status === 'void' ? null : stored.op_id, record: recordOf(stored.record), type: stored.type, status: stored.status, problem,
      blocked_by, operation: operation as unknown as Fields, occurred_at: operation.occurred_at, view: null,
    };
  };
}
