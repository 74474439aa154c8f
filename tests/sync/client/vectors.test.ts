// Every vector of sync/vectors, by the client's half. protocol.json runs against the model server, so that what the
// client is tested with speaks the protocol.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonical, correctedOf, mergeFields } from '@fieldpledge/sync-client';
import type { Fields, Json, ClockReading } from '@fieldpledge/sync-client';
import { contentHashOf, firstLinkOf, hashOf, linksOf } from '@engine/chain';
import type { Sent } from '@engine/chain';
import { digestOf } from '@engine/repair';
import { mergeTexts, segmentsOf } from '@engine/text';
import { ModelServer } from './model-server';

interface Vectors<C> { cases: (C & { name: string })[] }

function vectors<T>(topic: string): T {
  return JSON.parse(readFileSync(new URL(`../../../sync/vectors/${topic}.json`, import.meta.url), 'utf8')) as T;
}

describe('canonical.json', () => {
  const { cases } = vectors<Vectors<{ value: Json; canonical: string; hash: string }>>('canonical');
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, { value, canonical: text, hash }) => {
    expect(canonical(value)).toBe(text);
    expect(await hashOf(value)).toBe(hash);
  });
});

describe('content-hash.json', () => {
  const { cases } = vectors<Vectors<{ operation: Sent; hash: string }>>('content-hash');
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, { operation, hash }) => {
    expect(await contentHashOf(operation)).toBe(hash);
  });
});

describe('chain.json', () => {
  const { cases } = vectors<Vectors<{ device_id: string; link_0: string; operations: Sent[]; links: string[] }>>('chain');
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    expect(await firstLinkOf(each.device_id)).toBe(each.link_0);
    expect(await linksOf(each.link_0, each.operations)).toEqual(each.links);
  });
});

describe('digest.json', () => {
  const { cases } = vectors<Vectors<{ rows: [string, string, number][]; digest: Fields }>>('digest');
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, { rows, digest }) => {
    expect(await digestOf(rows.map(([kind, id, rev]) => ({ kind, id, rev })))).toEqual(digest);
  });
});

describe('clock.json', () => {
  interface Case { occurred_at: string; clock: ClockReading | null; received_at: string; expect: Fields }
  const { cases } = vectors<Vectors<Case>>('clock');
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
    expect(correctedOf(each.occurred_at, each.clock, each.received_at)).toEqual(each.expect);
  });
});

describe('text.json', () => {
  interface Texts extends Vectors<{ base: string; mine: string; theirs: string; merged: string | null }> {
    segments: { name: string; text: string; segments: string[] }[];
  }
  const { segments, cases } = vectors<Texts>('text');
  it.each(segments.map((each) => [each.name, each] as const))('segments of %s', (_, { text, segments: parts }) => {
    expect(segmentsOf(text)).toEqual(parts);
  });
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, { base, mine, theirs, merged }) => {
    expect(mergeTexts(base, mine, theirs)).toBe(merged);
    expect(mergeTexts(base, theirs, mine)).toBe(merged);
  });
});

describe('merge.json', () => {
  interface Case { current: Fields; base: Fields; args: Fields; others_wrote: boolean; expect: Fields }
  const { cases } = vectors<Vectors<Case>>('merge');
  // Who may write a field is the server's question; the device merges what it may.
  const mine = cases.filter((each) => !('problem' in each.expect));
  it.each(mine.map((each) => [each.name, each] as const))('%s', (_, { current, base, args, others_wrote, expect: wanted }) => {
    const merged = mergeFields({ current, base, args, texts: ['body'], others_wrote });
    expect(canonical(merged as unknown as Json)).toBe(canonical(wanted));
  });
});

describe('protocol.json', () => {
  interface Step {
    by: string;
    request: { method: 'GET' | 'POST'; path: string; query?: Record<string, string | number>; body?: Json };
    response: { status: number; body?: Json };
  }
  const { cases } = vectors<Vectors<{ steps: Step[] }>>('protocol');
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, { steps }) => {
    const server = new ModelServer();
    const bound = new Map<string, Json>();
    for (const { by, request, response } of steps) {
      const query = Object.entries(request.query ?? {}).map(([name, value]) => {
        const text = String(bound.get(String(value)) ?? value);
        return `${name}=${encodeURIComponent(text)}`;
      }).join('&');
      const answer = await server.as(by).send({
        method: request.method, timeout_ms: 1000, path: `/api/sync/v1${request.path}${query ? `?${query}` : ''}`,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      expect(answer.status, answer.text).toBe(response.status);
      if (response.body) matches(JSON.parse(answer.text) as Json, response.body, bound);
    }
  });
});

/** Compares an answer with a vector's, whose placeholders stand for any value of their sort. */
function matches(actual: Json | undefined, wanted: Json, bound: Map<string, Json>, path = '$'): void {
  if (typeof wanted === 'string' && wanted.startsWith('$')) {
    expect(actual, path).toBeDefined();
    if (!wanted.includes(':')) return;
    if (!bound.has(wanted)) bound.set(wanted, actual!);
    expect(actual, path).toEqual(bound.get(wanted));
    return;
  }
  if (Array.isArray(wanted)) {
    expect(Array.isArray(actual) && actual.length, path).toBe(wanted.length);
    wanted.forEach((each, i) => { matches((actual as Json[])[i], each, bound, `${path}[${i}]`); });
    return;
  }
  if (wanted === null || typeof wanted !== 'object') { expect(actual, path).toBe(wanted); return; }
  const fields = actual as Fields;
  for (const [name, each] of Object.entries(wanted)) if (name !== '...') matches(fields[name], each, bound, `${path}.${name}`);
  if (!('...' in wanted)) expect(Object.keys(fields).sort(), path).toEqual(Object.keys(wanted).sort());
}
