// S12: a week's work over 64 kbit/s where three of ten exchanges are lost, on their way or on the way back. Time is the
// link's own: every byte takes what it takes, a lost answer costs the whole time-out. The figures are printed.
import { describe, expect, it } from 'vitest';
import { pauseOf, Unreachable } from '@fieldpledge/sync-client';
import type { HttpAnswer, HttpRequest, Outcome } from '@fieldpledge/sync-client';
import { phone, server } from './engine-kit';
import type { Phone } from './engine-kit';
import type { ModelServer } from './model-server';
import { chanceOf } from './timeline';

const BYTES_PER_MS = 64_000 / 8 / 1000;
const RTT_MS = 300;
const HEADERS_BYTES = 400;
const [OPERATIONS, PHOTOS, PHOTO_BYTES] = [500, 20, 60_000];

interface Link { chunks: Map<string, number>; seen: { lost: number; answer_lost: number }; first_chunk_at_ledger: number | null }

/** Puts a slow, lossy line before the server; the phone's clock moves with it. */
function slowLink(one: Phone, model: ModelServer, chance: () => number): Link {
  const link: Link = { chunks: new Map(), seen: { lost: 0, answer_lost: 0 }, first_chunk_at_ledger: null };
  one.net.fate = async (request, on) => {
    const began = one.clock.now();
    const spend = (bytes: number): boolean => {
      one.clock.pass(Math.min(bytes / BYTES_PER_MS, began + request.timeout_ms - one.clock.now()));
      return one.clock.now() - began < request.timeout_ms;
    };
    const lose = (): never => {
      one.clock.pass(Math.max(0, began + request.timeout_ms - one.clock.now()));
      throw new Unreachable('lost');
    };
    noteChunk(link, model, request);
    one.clock.pass(RTT_MS);
    const is_lost = chance() < 0.3;
    const is_on_the_way_back = chance() < 0.5;
    if (!spend(HEADERS_BYTES + sizeOf(request)) || (is_lost && !is_on_the_way_back)) { link.seen.lost += 1; return lose(); }
    const answer: HttpAnswer = await on();
    if (is_lost || !spend(HEADERS_BYTES + answer.text.length)) { link.seen.answer_lost += 1; return lose(); }
    return answer;
  };
  return link;
}

function noteChunk(link: Link, model: ModelServer, request: HttpRequest): void {
  if (request.method !== 'PATCH') return;
  link.first_chunk_at_ledger ??= model.ledger.size;
  const key = `${request.path} ${request.headers?.['upload-offset'] ?? ''}`;
  link.chunks.set(key, (link.chunks.get(key) ?? 0) + 1);
}

function sizeOf({ body }: HttpRequest): number {
  return body === undefined ? 0 : body.length;
}

/** Rounds with the engine's own pauses until nothing is unsent; answers how long it took. */
async function sendAll(one: Phone, chance: () => number): Promise<number> {
  const began = one.clock.now();
  let failures = 0;
  for (let i = 0; i < 2_000 && (await one.local.counts()).unsent > 0; i++) {
    const outcome: Outcome = await one.engine.round();
    failures = outcome.is === 'later' ? failures + 1 : 0;
    if (outcome.is !== 'again') one.clock.pass(pauseOf(outcome, failures, chance()));
  }
  return one.clock.now() - began;
}

const SEEDS = Array.from({ length: Number(process.env['RUNS'] ?? 5) }, (_, n) => Number(process.env['SEED'] ?? 1) + n);

describe('a slow, lossy link (S12)', () => {
  it.each(SEEDS)('carries 500 operations and 20 photos, no chunk more than twice on average (seed %i)', async (seed) => {
    const model = server();
    const ana = await phone(model);
    const chance = chanceOf(seed);
    const photos = await work(ana);
    const link = slowLink(ana, model, chance);
    const took_ms = await sendAll(ana, chance);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
    expect(model.ledger.size).toBe(OPERATIONS);
    expect([...model.files.stored.keys()].sort()).toEqual([...photos].sort());
    expect(link.seen.lost, 'requests were lost').toBeGreaterThan(0);
    expect(link.seen.answer_lost, 'answers were lost').toBeGreaterThan(0);
    const sent = [...link.chunks.values()].reduce((sum, times) => sum + times, 0);
    expect(sent / link.chunks.size).toBeLessThanOrEqual(2);
    expect(model.files.received).toBe(PHOTOS * PHOTO_BYTES);
    expect(link.first_chunk_at_ledger, 'no photo before a text').toBe(OPERATIONS);
    console.info(`S12 seed ${seed}: ${Math.round(took_ms / 1000)} s of link time, ${(sent / link.chunks.size).toFixed(2)} sends a chunk,`
      + ` ${link.seen.lost} requests and ${link.seen.answer_lost} answers lost`);
  });
});

/** A week of hers: notes, edits, photos that operations name. Answers the photos' hashes. */
async function work({ local }: Phone): Promise<Set<string>> {
  const photos = new Set<string>();
  const notes = Array.from({ length: OPERATIONS - PHOTOS }, () => local.newId());
  await local.performAll(notes.map((id, n) => (
    { type: 'note.add', record: { kind: 'note', id }, args: { title: `第 ${n} 项`, body: '电源模块输出掉到 9.8 V，更换后正常。'.repeat(3) } })));
  for (let n = 0; n < PHOTOS; n++) {
    const bytes = Uint8Array.from({ length: PHOTO_BYTES }, (_, i) => (i * 31 + n * 7 + (i >> 8)) & 0xff);
    const sha256 = await local.files.put(bytes.buffer, 'image/jpeg');
    photos.add(sha256);
    await local.perform({ type: 'picture.add', record: { kind: 'picture', id: local.newId() },
      args: { note_id: notes[n]!, caption: '现场' }, files: [sha256] });
  }
  return photos;
}
