// Push: the outbox in order, a batch at a time, until the server has it all (M-14 … M-26). No answer of any kind deletes
// an operation; what cannot go becomes a stuck one beside its void.
import { firstLinkOf, linksOf } from './chain';
import type { Sent } from './chain';
import { keep, metaOf, serverNow } from './context';
import type { Context } from './context';
import { exchange, isOtherSession } from './exchange';
import type { Answer, Wire } from './exchange';
import { becomeNewDevice, heedAcked, REOFFER_TABLES } from './reoffer';
import { instant } from './ids';
import type { HttpRequest, Signer, Transaction } from './ports';
import type { Fields, Json, Operation, Receipt, ResultStatus, StoredOperation, TableName } from './words';

/** M-65, less room for the envelope and each seq. */
const BATCH_OPERATIONS = 200;
const BATCH_BYTES = 500 * 1024;
const OPERATION_EXTRA_BYTES = 24;
const ANCHOR_DAYS = 30;

export interface Pushing {
  context: Context;
  wire: Wire;
  app: string;
  /** Asked when there is something to sign; null without a key. */
  signer: () => Promise<Signer | null>;
}

/** How a round of pushing, pulling or uploading ended. */
export type Outcome =
  | { is: 'done' }
  /** Something went through; ask again at once. */
  | { is: 'again' }
  /** Not now. `problem` is the slug that a person should see, if any. */
  | { is: 'later'; wait_ms: number | null; problem: string | null; is_offline: boolean };

interface Batch {
  device_id: string;
  epoch: string | null;
  sent: Sent[];
  prev: string | null;
}

const PUSH_TABLES: readonly TableName[] = REOFFER_TABLES;
const STUCK_STATUSES: ReadonlySet<ResultStatus> = new Set(['rejected', 'blocked', 'parked', 'unsupported_version']);

/**
 * Pushes until the outbox is empty or the server cannot take more now. After a failure the server is first asked with an
 * empty push: in a cellar no operation is tried, so that it can go on absorbing later edits of its field (K-1).
 */
export async function pushAll(pushing: Pushing, is_doubtful = false): Promise<Outcome> {
  if (is_doubtful) {
    const answer = await ask(pushing);
    if (answer.is !== 'good' || !isPushAnswer(answer.body)) return later(answer);
  }
  let size = BATCH_OPERATIONS;
  for (let renewals = 0; ;) {
    const batch = await take(pushing.context, size);
    if (batch.sent.length === 0) return { is: 'done' };
    const answer = await exchange(pushing.wire, await requestOf(pushing, batch));
    if (isTooMuch(answer)) {
      const outcome = await split(pushing, batch, answer);
      if (outcome.is === 'later') return outcome;
      size = Math.max(1, Math.floor(batch.sent.length / 2));
      continue;
    }
    if (answer.is === 'problem' && answer.slug === 'sequence-reused' && ++renewals > 1) return later(answer);
    const outcome = await heed(pushing.context, batch, answer);
    if (outcome.is === 'later') return outcome;
    size = Math.min(BATCH_OPERATIONS, size * 2);
  }
}

/** Whether there is anything to push; asked between the chunks of a file. */
export function hasUnsent(context: Context): Promise<boolean> {
  return context.store.read(['outbox'], async (tx) => (
    (await tx.by('outbox', 'state', ['new', 'tried'])).length > 0));
}

/** M-21: the server read nothing because of the size or the form of the request. */
function isTooMuch(answer: Answer): boolean {
  return answer.status === 413 || (answer.is === 'problem' && answer.status === 400);
}

/**
 * Halves; a single operation is set aside. But only when the server itself says so, and an empty push goes through:
 * else it is the server, a proxy or our envelope that is wrong, and no operation pays for that.
 */
async function split(pushing: Pushing, batch: Batch, answer: Answer): Promise<Outcome> {
  if (batch.sent.length > 1) return { is: 'again' };
  const single = batch.sent[0]!;
  if (answer.is !== 'problem' || 'void' in single) return later(answer);
  const probe = await ask(pushing);
  if (probe.is !== 'good' || !isPushAnswer(probe.body)) return later(answer);
  await setAside(pushing.context, single, answer.body);
  return { is: 'again' };
}

/** Whether pushes go through at all: one without operations (M-14). */
async function ask(pushing: Pushing): Promise<Answer> {
  const batch = await pushing.context.store.read(['meta'], async (tx): Promise<Batch> => ({
    device_id: await metaOf(tx, 'device_id', pushing.context.device_id), epoch: await metaOf(tx, 'epoch', null), sent: [], prev: null,
  }));
  return exchange(pushing.wire, { ...await requestOf(pushing, batch), timeout_ms: 15_000 });
}

/** The next operations in order, now tried: from here on they never change (M-11). */
function take(context: Context, size: number): Promise<Batch> {
  return context.store.write(['outbox', 'meta'], async (tx) => {
    const run = await runOf(tx, size);
    const fresh = run.flatMap(({ stored }) => (stored?.state === 'new' ? [stored] : []));
    await tx.put('outbox', ...fresh.map((stored) => ({ ...stored, state: 'tried' as const })));
    const voids = await metaOf(tx, 'voids', {});
    const first = run[0]?.seq ?? 1;
    return {
      device_id: await metaOf(tx, 'device_id', context.device_id),
      epoch: await metaOf(tx, 'epoch', null),
      sent: run.map(({ seq, stored }) => (stored ? sentOf(context, stored) : { seq, void: voids[seq] ?? 'storage lost' })),
      prev: first === 1 ? null : await linkAt(tx, first - 1),
    };
  });
}

/**
 * The longest run from the first number that the server has not confirmed to us. A number above its acked_seq that is no
 * longer here is part of the run and travels as a void (M-12); below it the run ends, the server has that one.
 */
async function runOf(tx: Transaction, size: number): Promise<{ seq: number; stored: StoredOperation | undefined }[]> {
  const acked = await metaOf(tx, 'acked_seq', 0);
  const next = await metaOf(tx, 'next_seq', 1);
  const unsent = (await tx.by('outbox', 'state', ['new', 'tried'])).map(({ seq }) => seq);
  const first = Math.min(acked + 1, ...unsent);
  const kept = await tx.walk('outbox', { index: null, from: first, limit: size });
  const bySeq = new Map(kept.map((stored) => [stored.seq, stored]));
  const run = [];
  let bytes = 0;
  for (let seq = first; seq < next && run.length < size; seq++) {
    const stored = bySeq.get(seq);
    if (seq <= acked && stored?.state !== 'tried' && stored?.state !== 'new') break;
    bytes += (stored?.bytes ?? 100) + OPERATION_EXTRA_BYTES;
    if (bytes > BATCH_BYTES && run.length > 0) break;
    run.push({ seq, stored });
  }
  return run;
}

function sentOf(context: Context, stored: StoredOperation): Sent {
  return { seq: stored.seq, ...(context.device_seal.open(stored.sealed) as unknown as Operation) };
}

/** The link of an operation that was sent before; null when it is no longer known. */
async function linkAt(tx: Transaction, seq: number): Promise<string | null> {
  const chain = await metaOf(tx, 'chain', null);
  return (await tx.get('outbox', seq))?.link ?? (chain?.seq === seq ? chain.link : null);
}

async function requestOf(pushing: Pushing, batch: Batch): Promise<HttpRequest> {
  const links = await linksOfBatch(batch);
  const head = links?.at(-1);
  const { context } = pushing;
  const signer = head ? await pushing.signer() : null;
  const envelope = {
    device_id: batch.device_id, epoch: batch.epoch, schema: context.definitions.schema, app: pushing.app,
    prev_hash: links ? batch.prev ?? await firstLinkOf(batch.device_id) : null,
    key_id: signer && head ? signer.key_id : null,
    signature: signer && head ? await signer.sign(head) : null,
    ops: batch.sent,
  };
  return {
    method: 'POST', path: '/api/sync/v1/push', headers: { 'content-type': 'application/json' },
    body: JSON.stringify(envelope), timeout_ms: 60_000,
  };
}

/** Links of a batch; null when the chain before it is no longer known here. */
async function linksOfBatch(batch: Batch): Promise<string[] | null> {
  const first = batch.sent[0]?.seq;
  if (first === undefined) return null;
  const prev = first === 1 ? await firstLinkOf(batch.device_id) : batch.prev;
  return prev ? linksOf(prev, batch.sent) : null;
}

async function heed(context: Context, batch: Batch, answer: Answer): Promise<Outcome> {
  if (answer.is === 'good' && isPushAnswer(answer.body)) {
    const links = await linksOfBatch(batch);
    return context.store.write(PUSH_TABLES, (tx) => receive(tx, context, { batch, links, answer }));
  }
  if (answer.is === 'problem' && answer.slug === 'sequence-gap') {
    // From where the server stands; what is not here any more goes as a void.
    const acked = Number(answer.body['acked_seq']);
    if (!Number.isInteger(acked)) return later(answer);
    await context.store.write(PUSH_TABLES, (tx) => heedAcked(tx, context, acked));
    return acked + 1 === batch.sent[0]?.seq ? later(answer) : { is: 'again' };
  }
  if (answer.is === 'problem' && answer.slug === 'sequence-reused') {
    await context.store.write(PUSH_TABLES, (tx) => becomeNewDevice(tx, context));
    return { is: 'again' };
  }
  return later(answer);
}

/** What is said of it; not a slug of the server's. */
export const OTHER_SESSION = 'other-session';

function slugTold(answer: Answer & { is: 'problem' }): string {
  return isOtherSession(answer) ? OTHER_SESSION : answer.slug;
}

/** Not now, and why. */
export function later(answer: Answer): Outcome {
  const wait_ms = answer.is === 'good' ? null : answer.wait_ms;
  const told = new Set([400, 401, 403, 409, 415, 426]);
  const problem = answer.is === 'problem' && told.has(answer.status) ? slugTold(answer) : null;
  return { is: 'later', wait_ms, problem: answer.status === 401 ? 'signed-out' : problem, is_offline: answer.status === 0 };
}

function isPushAnswer(body: Fields): boolean {
  return typeof body['epoch'] === 'string' && Number.isInteger(body['acked_seq']) && Array.isArray(body['results'])
    && Number.isInteger(body['feed_head']);
}

interface Received {
  batch: Batch;
  links: string[] | null;
  answer: Answer & { is: 'good' };
}

/** Receipts, in one transaction: each operation gets its fate, and the chain its links. */
async function receive(tx: Transaction, context: Context, { batch, links, answer }: Received): Promise<Outcome> {
  const body = answer.body;
  if (answer.contact) await keep(tx, 'contact', answer.contact);
  const now = await serverNow(tx, context);
  const results = body['results'] as unknown as Receipt[];
  const first = batch.sent[0]!.seq;
  let understood = 0;
  for (const receipt of results) {
    const sent = batch.sent[receipt.seq - first];
    // What is passing stays as it is, and so does all behind it; a receipt for something else is no receipt.
    if (!sent || receipt.status === 'retry' || !isReceiptOf(receipt, sent)) break;
    const link = links?.[receipt.seq - first] ?? null;
    await acknowledge(tx, context, receipt, { link, now, feed_head: Number(body['feed_head']) });
    understood += 1;
  }
  await heedAcked(tx, context, Number(body['acked_seq']));
  await keep(tx, 'last_sent_at', context.clock.now());
  if (typeof body['anchor'] === 'string') await keepAnchor(tx, body['anchor'], now);
  return understood < results.length || understood === 0 ? later(answer) : { is: 'again' };
}

/** The newest anchor of each of the last days (M-69): what this phone can say about the server's books. */
async function keepAnchor(tx: Transaction, anchor: string, now: number): Promise<void> {
  const anchors = { ...await metaOf(tx, 'anchors', {}), [instant(now).slice(0, 10)]: anchor };
  const days = Object.keys(anchors).sort().slice(-ANCHOR_DAYS);
  await keep(tx, 'anchors', Object.fromEntries(days.map((day) => [day, anchors[day]!])));
}

/** A receipt names the operation, or nothing where there was none to name (M-25). */
function isReceiptOf(receipt: Receipt, sent: Sent): boolean {
  return receipt.op_id === null || (!('void' in sent) && receipt.op_id === sent.op_id);
}

interface Ack {
  link: string | null;
  now: number;
  feed_head: number;
}

async function acknowledge(tx: Transaction, context: Context, receipt: Receipt, ack: Ack): Promise<void> {
  const stored = await tx.get('outbox', receipt.seq);
  if (!stored) return;
  await tx.put('outbox', { ...stored, state: 'acked', status: receipt.status, acked_at: ack.now, link: ack.link });
  const shown = await tx.get('overlay', receipt.seq);
  if (shown) await tx.put('overlay', { ...shown, state: 'acked', feed_head: ack.feed_head });
  if (!STUCK_STATUSES.has(receipt.status)) return;
  await tx.put('stuck', {
    op_id: stored.op_id, seq: stored.seq, record: stored.record, type: stored.type, status: receipt.status,
    since: ack.now,
    sealed: context.seal.seal({
      operation: context.device_seal.open(stored.sealed), problem: receipt.problem ?? null,
      blocked_by: receipt.blocked_by ?? null,
    }),
  });
}

/** A single operation that no request can carry (M-21): whole in `stuck`, its number sent as a void. */
function setAside(context: Context, sent: Sent, problem: Fields): Promise<void> {
  return context.store.write([...PUSH_TABLES], async (tx) => {
    const stored = await tx.get('outbox', sent.seq);
    if (!stored) return;
    const operation: Json = context.device_seal.open(stored.sealed);
    await tx.put('stuck', {
      op_id: stored.op_id, seq: stored.seq, record: stored.record, type: stored.type, status: 'void',
      since: context.clock.now(), sealed: context.seal.seal({ operation, problem, blocked_by: null }),
    });
    await tx.drop('outbox', stored.seq);
    await tx.drop('overlay', stored.seq);
    const voids = await metaOf(tx, 'voids', {});
    await keep(tx, 'voids', { ...voids, [stored.seq]: String(problem['type'] ?? 'too large') });
  });
}
