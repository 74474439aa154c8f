// A week without network, sent to the real server in peace (tests/bench/peers/own.py): how long it takes and what an operation
// weighs.
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Fields } from '@fieldpledge/sync-client';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { definitionsFor } from '../../../pwa/src/app/definitions';
import { phone } from '../client/engine-kit';
import { given, heldBy, weekOffline, wireTo } from './work';

const week = given();

/** Gzipped bytes of an operation in a push of a hundred: all of it, and all but the values. */
function weight(body: string): { whole: number; overhead: number } {
  const envelope = JSON.parse(body) as { ops: Fields[] };
  const ops = envelope.ops.slice(0, 100);
  const bare = ops.map(({ args: _args, base: _base, ...rest }) => ({ ...rest, args: {} }));
  const packed = (list: unknown): number => gzipSync(JSON.stringify({ ...envelope, ops: list })).length / ops.length;
  return { whole: packed(ops), overhead: packed(bare) };
}

it('a week without network is sent whole', { timeout: 120_000 }, async () => {
  const clock = await weekOffline('week', week);
  const transport = wireTo(week.url, week);
  const ana = await phone({ as: () => transport }, { clock, store: dexieStore('week'), definitions: definitionsFor(week.user_id) });
  const started = performance.now();
  for (let round = 0; round < 20 && (await ana.local.counts()).unsent > 0; round++) await ana.engine.round();
  const took_ms = performance.now() - started;
  expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
  const pushed = ana.net.sent.filter((one) => one.path.endsWith('/push'));
  const largest = pushed.map((one) => String(one.body)).sort((a, b) => b.length - a.length)[0] ?? '';
  writeFileSync(week.report, JSON.stringify({ took_ms, requests: ana.net.sent.length, ...weight(largest), ...await heldBy(ana.local, week) }));
});
