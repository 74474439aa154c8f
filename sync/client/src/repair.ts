// Drift is found by digests and mended by inventory (M-47): a few times a day, never in the way of work.
import type { Context } from './context';
import { exchange } from './exchange';
import { HELD_TABLES } from './held';
import { sha256 } from './ids';
import { applyChanges } from './pull';
import type { Change, Digests } from './pull';
import { later } from './push';
import type { Outcome, Pushing } from './push';
import type { StoredRow } from './words';

const INVENTORY_LIMIT = 20_000;
const INVENTORY_ROUNDS = 50;

/** Count and xor of the first 16 hex digits of SHA-256(kind/id/rev). */
export async function digestOf(rows: readonly { kind: string; id: string; rev: number }[]): Promise<{ count: number; xor: string }> {
  let xor = 0n;
  for (const { kind, id, rev } of rows) xor ^= BigInt(`0x${(await sha256(`${kind}/${id}/${rev}`)).slice(0, 16)}`);
  return { count: rows.length, xor: xor.toString(16).padStart(16, '0') };
}

/** Compares what each bucket holds here with the server's digests, and mends what differs. Answers the buckets mended. */
export async function repair(pushing: Pushing, digests: Digests): Promise<Outcome & { mended: string[] }> {
  const mended: string[] = [];
  const rows = await pushing.context.store.read(['rows'], (tx) => tx.all('rows'));
  for (const [bucket, theirs] of Object.entries(digests)) {
    const ours = await digestOf(rows.filter((row) => row.buckets.includes(bucket)));
    if (ours.count === theirs.count && ours.xor === theirs.xor) continue;
    const outcome = await takeInventory(pushing, bucket);
    if (outcome.is === 'later') return { ...outcome, mended };
    mended.push(bucket);
  }
  return { is: 'done', mended };
}

async function rowsIn(context: Context, bucket: string): Promise<StoredRow[]> {
  const rows = await context.store.read(['rows'], (tx) => tx.all('rows'));
  return rows.filter((row) => row.buckets.includes(bucket));
}

async function takeInventory(pushing: Pushing, bucket: string): Promise<Outcome> {
  const { context } = pushing;
  for (let round = 0; round < INVENTORY_ROUNDS; round++) {
    const rows = (await rowsIn(context, bucket)).slice(0, INVENTORY_LIMIT);
    const answer = await exchange(pushing.wire, {
      method: 'POST', path: '/api/sync/v1/inventory', headers: { 'content-type': 'application/json' }, timeout_ms: 60_000,
      body: JSON.stringify({
        device_id: context.device_id, bucket, have: rows.map(({ kind, id, rev }) => [kind, id, rev]),
      }),
    });
    if (answer.is !== 'good' || !Array.isArray(answer.body['changes'])) return later(answer);
    const changes = (answer.body['changes'] as unknown as Change[]).map((change) => ({ ...change, bucket }));
    await context.store.write([...HELD_TABLES, 'files'], (tx) => applyChanges(tx, context, 'rows', changes));
    if (answer.body['more'] !== true) return { is: 'done' };
  }
  return { is: 'done' };
}
