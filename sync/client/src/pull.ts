// Pull: pages of the feed into base rows, each in one transaction with its cursor (M-39 … M-54). Base rows are written
// here and nowhere else. A reset fills the shadow table and swaps; outbox, drafts, stuck and files are never touched.
import { keep, metaOf } from './context';
import type { Context } from './context';
import { indexKeysOf } from './definitions';
import { exchange } from './exchange';
import type { Answer } from './exchange';
import { letGoOfBytes } from './files';
import { dropUnheld, heldKeys, HELD_TABLES } from './held';
import { keyOf } from './ids';
import { isSame } from './needs';
import { later } from './push';
import type { Outcome, Pushing } from './push';
import { countsOf } from './status';
import { heedAcked } from './reoffer';
import type { Transaction } from './ports';
import type { Fields, StoredRow, TableName } from './words';

/** One line of a page (M-40). */
export interface Change {
  bucket: string;
  kind: string;
  id: string;
  rev: number;
  op: 'put' | 'remove';
  row?: Fields;
}

const PAGE_LIMIT = 500;
/** A larger page is a longer turn of the phone's one thread; before the first pull is complete there is no list to hold up. */
const FIRST_PAGE_LIMIT = 1000;
/** The slowest link that is waited for carries about eight rows a second. */
const ROW_PATIENCE_MS = 120;
const RESETS_PER_ROUND = 3;
const PULL_TABLES: readonly TableName[] = [...HELD_TABLES, 'shadow', 'outbox', 'files', 'bytes'];

/** Where the next page belongs: the rows in use, or the shadow of a reset. */
interface Place {
  table: 'rows' | 'shadow';
  cursor: string | null;
}

/**
 * Pulls until the server has nothing new. `done` means: everything up to `passed` is here. While a page is stored the next
 * one is on its way: its cursor stands in the answer, and says nothing yet of what is here (M-77).
 */
export async function pullAll(pulling: Pushing, wants_digest = false): Promise<Outcome & { digest?: Digests }> {
  const { context } = pulling;
  const [{ unsent, last_pulled_at }, start] = await Promise.all([countsOf(context), placeOf(context)]);
  const limit = last_pulled_at === null ? FIRST_PAGE_LIMIT : PAGE_LIMIT;
  const ask = (place: Place, is_ahead = false): Promise<Answer> => exchange(pulling.wire, {
    method: 'GET', path: pathOf(context, place, { limit, wants_digest, unsent, is_ahead }), timeout_ms: limit * ROW_PATIENCE_MS,
  });
  let place = start;
  let asked = ask(place);
  for (let resets = 0; ;) {
    const answer = await asked;
    const reason = resetReason(answer);
    if (reason && ++resets <= RESETS_PER_ROUND) {
      await context.store.write(['shadow', 'meta'], (tx) => beginReset(tx, reason));
      place = await placeOf(context);
      asked = ask(place);
      continue;
    }
    const page = pageOf(answer);
    if (!page || reason) return later(answer);
    told.set(context, unsent);
    const next: Place = { ...place, cursor: page.cursor };
    if (page.more) asked = ask(next, true).then(unclocked);
    await context.store.write(PULL_TABLES, (tx) => applyPage(tx, context, place, page));
    if (!page.more) return { is: 'done', ...(page.digest ? { digest: page.digest } : {}) };
    place = next;
  }
}

/** An answer that may have lain there while a page was being stored says nothing of the clock. */
function unclocked(answer: Answer): Answer {
  return answer.is === 'good' ? { ...answer, contact: null } : answer;
}

export interface Digests {
  [bucket: string]: { count: number; xor: string };
}

interface Page {
  epoch: string;
  /** null: unchanged (204) */
  cursor: string | null;
  more: boolean;
  acked_seq: number;
  feed_head: number;
  changes: Change[];
  removed_buckets: string[];
  digest: Digests | null;
  answer: Answer & { is: 'good' };
}

async function placeOf(context: Context): Promise<Place> {
  return context.store.read(['meta'], async (tx) => {
    const reset = await metaOf(tx, 'reset', null);
    if (reset) return { table: 'shadow', cursor: reset.cursor };
    return { table: 'rows', cursor: await metaOf(tx, 'cursor', null) };
  });
}

/** How much was unsent when the server was last told (M-75): said again only when it changed. */
const told = new WeakMap<Context, number>();

interface Asked { limit: number; wants_digest: boolean; unsent: number; is_ahead: boolean }

function pathOf(context: Context, place: Place, { limit, wants_digest, unsent, is_ahead }: Asked): string {
  const query = new URLSearchParams({
    device_id: context.device_id, schema: String(context.definitions.schema), limit: String(limit),
  });
  if (place.cursor !== null) query.set('cursor', place.cursor);
  if (told.get(context) !== unsent) query.set('unsent', String(unsent));
  if (wants_digest) query.set('digest', '1');
  if (is_ahead) query.set('ahead', '1');
  return `/api/sync/v1/pull?${query}`;
}

/** Why the rows must be fetched anew; null when they need not. */
function resetReason(answer: Answer): string | null {
  if (answer.is !== 'problem') return null;
  if (answer.status === 410) return String(answer.body['reset'] ?? 'epoch');
  return answer.slug === 'cursor-invalid' ? 'cursor' : null;
}

async function beginReset(tx: Transaction, reason: string): Promise<void> {
  await tx.clear('shadow');
  await keep(tx, 'reset', { cursor: null, reason });
}

/** Reads a page, or the headers of a 204 (M-43); null when it is neither. */
function pageOf(answer: Answer): Page | null {
  if (answer.is !== 'good') return null;
  const { body, headers } = answer;
  if (answer.status === 204) {
    const [epoch, acked_seq, feed_head] = [headers['sync-epoch'], headers['sync-acked-seq'], headers['sync-feed-head']];
    if (!epoch || !acked_seq || !feed_head) return null;
    return {
      epoch, cursor: null, more: false, acked_seq: Number(acked_seq), feed_head: Number(feed_head), changes: [],
      removed_buckets: [], digest: null, answer,
    };
  }
  if (typeof body['epoch'] !== 'string' || typeof body['cursor'] !== 'string' || !Array.isArray(body['changes'])) return null;
  const buckets = (body['buckets'] ?? {}) as { removed?: string[] };
  return {
    epoch: body['epoch'], cursor: body['cursor'], more: body['more'] === true,
    acked_seq: Number(body['acked_seq']), feed_head: Number(body['feed_head']),
    changes: body['changes'] as unknown as Change[], removed_buckets: buckets.removed ?? [],
    digest: (body['digest'] ?? null) as Digests | null, answer,
  };
}

/** One page: rows, cursor, and on the last one what the pull has now passed. */
async function applyPage(tx: Transaction, context: Context, place: Place, page: Page): Promise<void> {
  await applyChanges(tx, context, place.table, page.changes);
  for (const bucket of page.removed_buckets) await leaveBucket(tx, context, place.table, bucket);
  if (page.answer.contact) await keep(tx, 'contact', page.answer.contact);
  if (place.table === 'shadow') {
    if (page.cursor !== null) await keep(tx, 'reset', { cursor: page.cursor, reason: 'resumed' });
    if (!page.more) await swap(tx, context, page);
    return;
  }
  if (page.cursor !== null) await keep(tx, 'cursor', page.cursor);
  await keep(tx, 'epoch', page.epoch);
  await heedAcked(tx, context, page.acked_seq);
  if (!page.more) await passed(tx, context, page.feed_head);
}

/** Puts and removes into a table of rows. */
export async function applyChanges(
  tx: Transaction, context: Context, table: 'rows' | 'shadow', changes: readonly Change[],
): Promise<void> {
  const known = new Map((await tx.many(table, changes.map(keyOf))).map((row) => [row.key, row]));
  const gone = new Set<string>();
  for (const change of changes) {
    const key = keyOf(change);
    const row = known.get(key);
    if (change.op === 'put') {
      known.set(key, putRow(context, row, change));
      gone.delete(key);
    } else if (row) {
      const buckets = row.buckets.filter((bucket) => bucket !== change.bucket);
      known.set(key, { ...row, buckets });
      if (buckets.length === 0) gone.add(key);
    }
  }
  for (const change of changes.filter(({ kind, op }) => op === 'put' && (kind === 'file' || kind === 'stuck_operation'))) {
    await heedOwnKinds(tx, context, change);
  }
  const kept = [...known.values()].filter((row) => !gone.has(row.key));
  await tx.put(table, ...kept);
  await letGo(tx, context, table, [...known.values()].filter((row) => gone.has(row.key)));
}

/** The row after a put; a lower rev only notes the bucket (M-42). A detached row may be of another epoch: it gives way. */
function putRow(context: Context, row: StoredRow | undefined, change: Change): StoredRow {
  const buckets = [...new Set([...(row?.buckets ?? []), change.bucket])];
  if (row && !row.detached && row.rev > change.rev) return { ...row, buckets };
  const fields = change.row ?? {};
  return {
    key: keyOf(change), kind: change.kind, id: change.id, rev: change.rev, buckets, detached: 0,
    keys: indexKeysOf(context.definitions.kinds, change.kind, fields), sealed: context.seal.seal(fields),
  };
}

/** Rows that no bucket holds go, unless unsent work hangs on them (M-41). */
async function letGo(tx: Transaction, context: Context, table: 'rows' | 'shadow', rows: readonly StoredRow[]): Promise<void> {
  if (rows.length === 0) return;
  const held = table === 'rows' ? await heldKeys(tx, context) : new Set<string>();
  await tx.put(table, ...rows.filter((row) => held.has(row.key)).map((row) => ({ ...row, buckets: [], detached: 1 as const })));
  await tx.drop(table, ...rows.filter((row) => !held.has(row.key)).map((row) => row.key));
}

async function leaveBucket(tx: Transaction, context: Context, table: 'rows' | 'shadow', bucket: string): Promise<void> {
  const rows = (await tx.all(table)).filter((row) => row.buckets.includes(bucket))
    .map((row) => ({ ...row, buckets: row.buckets.filter((each) => each !== bucket) }));
  await tx.put(table, ...rows.filter((row) => row.buckets.length > 0));
  await letGo(tx, context, table, rows.filter((row) => row.buckets.length === 0));
}

/** The kinds that the protocol itself knows: a stored file, a stuck operation that the server now tells of. */
async function heedOwnKinds(tx: Transaction, context: Context, change: Change): Promise<void> {
  if (change.kind === 'file') {
    const file = await tx.get('files', change.id);
    if (!file || (change.row?.['sha256'] ?? change.id) !== file.sha256) return;
    const state = change.row?.['state'];
    if (state === 'stored') await tx.put('files', { ...file, state, offset: file.size_bytes, problem: null });
    if (state === 'erased') await letGoOfBytes(tx, file);
    // A server put back to a backup waits again for bytes that it once had.
    const is_wanted = state === 'pending' && file.is_here && (file.state === 'stored' || file.state === 'sent');
    if (is_wanted) await tx.put('files', { ...file, state: 'waiting', offset: 0 });
  }
  if (change.kind === 'stuck_operation') {
    const row = change.row ?? {};
    // The server's record now tells of it. Of a void it has the number only: the payload stays here until it is settled.
    if (!row['payload'] && (row['state'] === 'open' || row['state'] === 'handed_over')) return;
    const told = (await tx.all('stuck')).filter((stuck) => isSame(stuck, { fields: row }, context.device_id));
    await tx.drop('stuck', ...told.map((stuck) => stuck.op_id));
  }
}

/** The pull has delivered everything up to `feed_head`: acked operations at or below it leave the overlay (M-53). */
async function passed(tx: Transaction, context: Context, feed_head: number): Promise<void> {
  await keep(tx, 'passed', feed_head);
  await keep(tx, 'last_pulled_at', context.clock.now());
  await keep(tx, 'pulls', await metaOf(tx, 'pulls', 0) + 1);
  const acked = await tx.by('overlay', 'state', 'acked');
  const over = acked.filter((entry) => entry.feed_head !== null && entry.feed_head <= feed_head);
  await tx.drop('overlay', ...over.map((entry) => entry.seq));
  await dropUnheld(tx, context);
}

/** The shadow becomes the rows, in one transaction; what unsent work hangs on stays, detached (M-50). */
async function swap(tx: Transaction, context: Context, page: Page): Promise<void> {
  const rows = await tx.all('shadow');
  await keep(tx, 'reset', null);
  if (page.cursor !== null) await keep(tx, 'cursor', page.cursor);
  await keep(tx, 'epoch', page.epoch);
  await heedAcked(tx, context, page.acked_seq);
  // Receipts of another epoch have numbers that cannot be compared: what the server has acknowledged leaves now (M-53).
  const over = (await tx.by('overlay', 'state', 'acked')).filter((entry) => entry.seq <= page.acked_seq);
  await tx.drop('overlay', ...over.map((entry) => entry.seq));
  const fresh = new Set(rows.map((row) => row.key));
  const held = await heldKeys(tx, context);
  const left = (await tx.all('rows')).filter((row) => held.has(row.key) && !fresh.has(row.key));
  await tx.clear('rows');
  await tx.put('rows', ...rows, ...left.map((row) => ({ ...row, buckets: [], detached: 1 as const })));
  await tx.clear('shadow');
  await passed(tx, context, page.feed_head);
}
