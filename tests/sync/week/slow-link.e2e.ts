// S12 in real time: the phone that comes back from a week without network finds a slow, lossy link (link.py). The engine runs
// as on the phone, by its own clock, pauses and time-outs; nothing here asks it for a round.
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createEngine, openLocal } from '@fieldpledge/sync-client';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { definitionsFor } from '../../../pwa/src/app/definitions';
import { HandBell, HandLocks, HandSurroundings } from '../client/engine-kit';
import { chanceOf } from '../client/timeline';
import { given, heldBy, weekOffline, wireTo } from './work';
import type { Week } from './work';

/** `far_url`: the server as it is seen through the link. */
const week = given<Week & { far_url: string }>();
const PATIENCE_MS = 4 * 3600_000;

it('a week without network comes through a slow, lossy link', { timeout: PATIENCE_MS }, async () => {
  await weekOffline('slow-link', week);
  const local = await openLocal({ store: dexieStore('slow-link'), definitions: definitionsFor(week.user_id) });
  expect(await local.counts()).toMatchObject({ operations: week.operations, files: week.photos });
  const engine = createEngine({
    local, transport: wireTo(week.far_url, week), locks: new HandLocks(), bell: new HandBell().tab(),
    surroundings: new HandSurroundings(), app: 'tests', random: chanceOf(week.seed),
  });
  const began = performance.now();
  engine.start();
  while ((await local.counts()).unsent > 0) await new Promise((resolve) => { setTimeout(resolve, 500); });
  const took_ms = performance.now() - began;
  await engine.stop();
  expect((await local.counts()).needs_you).toBe(0);
  writeFileSync(week.report, JSON.stringify({ took_ms, ...await heldBy(local, week) }));
});
