// Bytes in their own queue by tus 1.0 (M-55 … M-59): what was signed, then signatures, then photos; resumed from the
// offset that the server names; between two chunks operations go first, so that a photo never delays a text.
import { metaOf } from './context';
import type { Context } from './context';
import { letGoOfBytes } from './files';
import { base64, exchange } from './exchange';
import type { Answer, Wire } from './exchange';
import { digest, sha256 } from './ids';
import { hasUnsent, later } from './push';
import type { Outcome } from './push';
import type { Fields, StoredFile } from './words';

const CHUNK_MIN_BYTES = 256 * 1024;
const CHUNK_MAX_BYTES = 1024 * 1024;
/** A chunk that takes less than this lets the next one be larger. */
const CHUNK_QUICK_MS = 3_000;
const TUS = { 'tus-resumable': '1.0.0' };

export interface Uploading {
  context: Context;
  wire: Wire;
  /** Size of the next chunk; grows and shrinks with the line. */
  chunk_bytes: number;
}

/** A fresh upload state. */
export function uploadingOf(context: Context, wire: Wire): Uploading {
  return { context, wire, chunk_bytes: CHUNK_MIN_BYTES };
}

/** Sends files until none waits; `again` when operations want to go first. */
export async function uploadAll(uploading: Uploading): Promise<Outcome> {
  for (;;) {
    const file = await nextFile(uploading.context);
    if (!file) return { is: 'done' };
    const outcome = await uploadFile(uploading, file);
    if (outcome.is !== 'done') return outcome;
  }
}

/** The next file to send: one that an operation names, by order, then by age. */
async function nextFile(context: Context): Promise<StoredFile | undefined> {
  const waiting = await context.store.read(['files'], (tx) => tx.by('files', 'state', ['waiting', 'sending']));
  return waiting.filter((file) => file.is_here && file.references > 0)
    .sort((a, b) => a.order - b.order || a.stored_at - b.stored_at)[0];
}

async function uploadFile(uploading: Uploading, file: StoredFile): Promise<Outcome> {
  const { context } = uploading;
  const stored = await context.store.read(['bytes'], (tx) => tx.get('bytes', file.sha256));
  if (!stored) return refused(context, file, { type: '/problems/bytes-lost' });
  const created = await create(uploading, file);
  if (created.is !== 'good') return refusalOr(context, file, created);
  let offset = Number(created.headers['upload-offset'] ?? NaN);
  const location = created.headers['location'];
  if (!Number.isInteger(offset) || (!location && offset < file.size_bytes)) return later(created);
  await note(context, file, { state: offset >= file.size_bytes ? 'sent' : 'sending', offset });
  while (offset < file.size_bytes) {
    if (await hasUnsent(context)) return { is: 'again' };
    const next = await sendChunk(uploading, { location: pathOf(location!), bytes: stored.bytes, offset });
    if (typeof next !== 'number') return refusalOr(context, file, next);
    offset = next;
    await note(context, file, { state: offset >= file.size_bytes ? 'sent' : 'sending', offset });
  }
  return { is: 'done' };
}

/** Idempotent by hash: a known file answers with the offset that it stands at, so this is also how an upload resumes. */
function create(uploading: Uploading, file: StoredFile): Promise<Answer> {
  const metadata = { sha256: file.sha256, content_type: file.content_type };
  return exchange(uploading.wire, {
    method: 'POST', path: '/api/files/uploads', timeout_ms: 30_000,
    headers: {
      ...TUS, 'upload-length': String(file.size_bytes),
      'upload-metadata': Object.entries(metadata).map(([name, text]) => `${name} ${base64(utf8(text))}`).join(','),
    },
  });
}

interface Chunk {
  location: string;
  bytes: ArrayBuffer;
  offset: number;
}

/** Sends one chunk; the new offset, or the answer that stopped it. */
async function sendChunk(uploading: Uploading, { location, bytes, offset }: Chunk): Promise<number | Answer> {
  const chunk = new Uint8Array(bytes.slice(offset, offset + uploading.chunk_bytes));
  const checksum = await digest(chunk);
  const started = uploading.wire.clock.mono();
  const answer = await exchange(uploading.wire, {
    method: 'PATCH', path: location, timeout_ms: 120_000, body: chunk,
    headers: {
      ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset),
      'upload-checksum': `sha256 ${base64(checksum)}`,
    },
  });
  if (answer.is === 'good') {
    const is_quick = uploading.wire.clock.mono() - started < CHUNK_QUICK_MS;
    if (is_quick) uploading.chunk_bytes = Math.min(CHUNK_MAX_BYTES, uploading.chunk_bytes * 2);
    const next = Number(answer.headers['upload-offset'] ?? NaN);
    return Number.isInteger(next) && next > offset ? next : answer;
  }
  uploading.chunk_bytes = CHUNK_MIN_BYTES;
  return answer.status === 409 || answer.status === 460 || answer.is === 'noise'
    ? offsetAt(uploading, { location, sent_from: offset }, answer) : answer;
}

/** Where the server stands after a chunk went wrong; where it stood before, it is for later (some proxies let no PATCH pass). */
async function offsetAt(
  uploading: Uploading, { location, sent_from }: { location: string; sent_from: number }, failed: Answer,
): Promise<number | Answer> {
  const head = await exchange(uploading.wire, { method: 'HEAD', path: location, timeout_ms: 30_000, headers: TUS });
  const offset = head.is === 'good' ? Number(head.headers['upload-offset']) : NaN;
  return Number.isInteger(offset) && offset !== sent_from ? offset : failed;
}

/** What the server will never take is set aside with its reason; everything else is for later. */
async function refusalOr(context: Context, file: StoredFile, answer: Answer): Promise<Outcome> {
  if (answer.is !== 'problem') return later(answer);
  if (answer.slug === 'file-hash-wrong') {
    const stored = await context.store.read(['bytes'], (tx) => tx.get('bytes', file.sha256));
    const is_whole = stored && await sha256(stored.bytes) === file.sha256;
    await note(context, file, { state: 'waiting', offset: 0 });
    return is_whole ? later(answer) : refused(context, file, answer.body);
  }
  if (answer.slug === 'file-erased') {
    await context.store.write(['files', 'bytes'], (tx) => letGoOfBytes(tx, file));
    return { is: 'done' };
  }
  const is_final = answer.status === 422 || answer.status === 413 || answer.slug === 'upload-mismatch';
  return is_final ? refused(context, file, answer.body) : later(answer);
}

async function refused(context: Context, file: StoredFile, problem: Fields): Promise<Outcome> {
  await note(context, file, { state: 'refused', problem });
  return { is: 'done' };
}

/** Notes how far a file is; what a pull has shown as stored stays so. */
function note(context: Context, file: StoredFile, change: Partial<StoredFile>): Promise<void> {
  return context.store.write(['files', 'meta'], async (tx) => {
    const now = await tx.get('files', file.sha256);
    const sent_at_pull = change.state === 'sent' ? await metaOf(tx, 'pulls', 0) : null;
    if (now && now.state !== 'stored' && now.state !== 'erased') await tx.put('files', { ...now, ...change, sent_at_pull });
  });
}

function pathOf(location: string): string {
  return location.replace(/^[a-z]+:\/\/[^/]+/, '');
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
