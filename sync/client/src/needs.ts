// What needs the person: open conflicts and operations that stand aside, from the server's records and, until those are
// pulled, from the device's own notes.
import type { Context } from './context';
import type { Done } from './definitions';
import { recordOf } from './ids';
import type { Transaction } from './ports';
import { viewsWhere } from './view';
import type { Fields, Operation, RecordRef, StoredStuck, View } from './words';

export interface Stuck {
  op_id: string;
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
}

/** What the device itself keeps of a stuck operation. */
export interface StuckContent {
  operation: Operation;
  problem: Fields | null;
  blocked_by: string | null;
}

/** Every stuck operation that is still open, those that wait for another one included. */
export async function stuckOf(tx: Transaction, context: Context): Promise<Stuck[]> {
  const pulled = await viewsWhere(tx, context, 'stuck_operation', { index: 'state', value: 'open' });
  const local = await tx.all('stuck');
  const known = new Set(pulled.map((view) => String(view.fields['op_id'] ?? view.id)));
  const mending = await mendingIds(tx, context);
  const all = [...pulled.map(fromServer), ...local.filter((each) => !known.has(each.op_id)).map(fromDevice(context))];
  return all.filter((each) => !mending.has(each.op_id));
}

/** What the person should look at: conflicts, and stuck operations that wait for nobody else. */
export async function needsOf(tx: Transaction, context: Context): Promise<Need[]> {
  const conflicts = await viewsWhere(tx, context, 'conflict', { index: 'state', value: 'open' });
  const stuck = (await stuckOf(tx, context)).filter(({ status }) => status === 'rejected' || status === 'void');
  return [...conflicts.map((conflict) => ({ conflict })), ...stuck.map((each) => ({ stuck: each }))];
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
      op_id: stored.op_id, record: recordOf(stored.record), type: stored.type, status: stored.status, problem,
      blocked_by, operation: operation as unknown as Fields, occurred_at: operation.occurred_at, view: null,
    };
  };
}
