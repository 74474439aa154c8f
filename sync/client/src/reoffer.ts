// What happens to the outbox when the server stands elsewhere than the device thought: it lost what it had (M-51), or
// this database is a copy of one that went on (M-17). Nothing is ever dropped here.
import { keep, metaOf } from './context';
import type { Context } from './context';
import { layOverlay } from './outbox';
import type { Transaction } from './ports';
import { uuid7 } from './ids';
import type { Operation, TableName } from './words';

export const REOFFER_TABLES: readonly TableName[] = ['outbox', 'overlay', 'rows', 'meta', 'stuck'];

/** Takes note of the server's acked_seq; what it no longer has becomes unsent again and is shown again. */
export async function heedAcked(tx: Transaction, context: Context, acked_seq: number): Promise<boolean> {
  const own = await metaOf(tx, 'acked_seq', 0);
  if (acked_seq === own) return false;
  await keep(tx, 'acked_seq', acked_seq);
  const lost = await tx.walk('outbox', { index: null, from: acked_seq + 1 });
  for (const stored of lost.filter((each) => each.state === 'acked')) {
    await tx.put('outbox', { ...stored, state: 'tried', acked_at: null, status: null });
    await layOverlay(tx, context, context.device_seal.open(stored.sealed) as unknown as Operation, stored.seq);
  }
  return true;
}

/**
 * This database was copied: it becomes a device of its own. Everything still kept is numbered anew from 1 and offered
 * under the same op_ids; the server answers what it knows with the stored result (M-18). Acked operations go along, so
 * that the 30 days of M-23 hold for them too.
 */
export async function becomeNewDevice(tx: Transaction, context: Context): Promise<string> {
  const device_id = uuid7(context.clock.now());
  const operations = (await tx.all('outbox')).sort((a, b) => a.seq - b.seq);
  const shown = new Map((await tx.all('overlay')).map((entry) => [entry.op_id, entry]));
  await tx.clear('outbox');
  await tx.clear('overlay');
  for (const [i, stored] of operations.entries()) {
    const seq = i + 1;
    const state = stored.state === 'new' ? 'new' : 'tried';
    await tx.put('outbox', { ...stored, seq, state, acked_at: null, status: null, link: null });
    const entry = shown.get(stored.op_id);
    if (entry) await tx.put('overlay', { ...entry, seq, state: 'unsent', feed_head: null });
  }
  await keep(tx, 'device_id', device_id);
  await keep(tx, 'next_seq', operations.length + 1);
  await keep(tx, 'acked_seq', 0);
  await keep(tx, 'chain', null);
  await keep(tx, 'voids', {});
  context.device_id = device_id;
  return device_id;
}
