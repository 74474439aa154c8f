// A week without network: reports, findings, log lines and photos as the app's own client and definitions make them; then
// sent to the real server. Says how long it took and what an operation weighs; a file in WEEK_KILLER makes the server die.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Fields, HttpRequest, Transport } from '@fieldpledge/sync-client';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { definitionsFor } from '../../../pwa/src/app/definitions';
import { phone } from '../client/engine-kit';
import { given, heldBy, weekOffline, wireTo } from './work';
import type { Week } from './work';

/** `kill_every`: the server's master is killed before every nth request; 0: never. */
const week = given<Week & { kill_every: number; pid_file: string }>();

/** Before every nth request the server's master is killed with -9; whoever started it starts it again. */
function deadly(behind: Transport): Transport {
  let count = 0;
  return {
    async send(request: HttpRequest) {
      count += 1;
      const dies = week.kill_every > 0 && count % week.kill_every === 0;
      const answer = behind.send(request);
      if (dies) {
        answer.catch(() => undefined); // it may fail before anybody waits for it
        await new Promise((resolve) => { setTimeout(resolve, (count * 7) % 40); });
        try { process.kill(Number(readFileSync(week.pid_file, 'utf8')), 'SIGKILL'); } catch { /* dead already */ }
      }
      return answer;
    },
  };
}

/** Gzipped bytes of an operation in a push of a hundred: all of it, and all but the values. */
function weight(body: string): { whole: number; overhead: number } {
  const envelope = JSON.parse(body) as { ops: Fields[] };
  const ops = envelope.ops.slice(0, 100);
  const bare = ops.map(({ args: _args, base: _base, ...rest }) => ({ ...rest, args: {} }));
  const packed = (list: unknown): number => gzipSync(JSON.stringify({ ...envelope, ops: list })).length / ops.length;
  return { whole: packed(ops), overhead: packed(bare) };
}

it('a week without network is sent whole', { timeout: 600_000 }, async () => {
  const clock = await weekOffline('week', week);
  const transport = deadly(wireTo(week.url, week));
  const ana = await phone({ as: () => transport }, { clock, store: dexieStore('week'), definitions: definitionsFor(week.user_id) });
  expect(await ana.local.counts()).toMatchObject({ operations: week.operations, files: week.photos });
  const started = performance.now();
  const until = Date.now() + (week.kill_every > 0 ? 300_000 : 60_000);
  for (;;) {
    await ana.engine.round();
    const files = await ana.local.context.store.read(['files'], (tx) => tx.all('files'));
    if ((await ana.local.counts()).unsent === 0 && files.every((file) => file.state === 'stored')) break;
    if (Date.now() > until) throw new Error(`not sent: ${JSON.stringify([await ana.local.counts(), files[0], ana.net.sent.slice(-3).map((one) => [one.method, one.path])])}`);
    if (week.kill_every > 0) { clock.pass(120_000); await new Promise((resolve) => { setTimeout(resolve, 200); }); }
  }
  const took_ms = performance.now() - started;
  expect((await ana.local.counts()).needs_you).toBe(0);
  const pushed = ana.net.sent.filter((one) => one.path.endsWith('/push'));
  const largest = pushed.map((one) => String(one.body)).sort((a, b) => b.length - a.length)[0] ?? '';
  writeFileSync(week.report, JSON.stringify({ took_ms, requests: ana.net.sent.length, ...weight(largest), ...await heldBy(ana.local, week) }));
});
