// A week without network, sent while the page dies again and again and the server is killed: each time a new page goes on from
// the same phone database. Which deaths, and when, by the seed; each of DEATHS happens `rounds` times.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import type { HttpRequest, Store, Transport } from '@fieldpledge/sync-client';
import { definitionsFor } from '../../../pwa/src/app/definitions';
import { phone } from '../client/engine-kit';
import type { Phone } from '../client/engine-kit';
import type { HandClock } from '../client/kit';
import { Dead, Life } from '../client/mortal-store';
import type { Death } from '../client/mortal-store';
import { chanceOf } from '../client/timeline';
import { Witness } from './witness';
import { given, heldBy, weekOffline, wireTo } from './work';
import type { Week } from './work';

/** `kills`: how often the server's master is killed. */
const week = given<Week & { rounds: number; kills: number; pid_file: string }>();
const BATCH = 200;
const PATIENCE_MS = 900_000;

type Kind = Pick<Death, 'what' | 'when'>;
/** While texts wait, and when only photos do. */
const DEATHS: { texts: Kind[]; photos: Kind[] } = {
  texts: [{ what: 'push', when: 'before' }, { what: 'push', when: 'during' }, { what: 'push', when: 'after' }],
  photos: [
    { what: 'chunk', when: 'before' }, { what: 'chunk', when: 'during' }, { what: 'chunk', when: 'after' },
    { what: 'request', when: 'before' }, { what: 'request', when: 'during' }, { what: 'request', when: 'after' },
    { what: 'write', when: 'before' }, { what: 'write', when: 'after' },
  ],
};

interface Left { operations: number; files: number }

/** What the phone still has to send, asked of its database. */
function leftIn(store: Store): Promise<Left> {
  return store.read(['outbox', 'files'], async (tx) => ({
    operations: (await tx.by('outbox', 'state', ['new', 'tried'])).length,
    files: (await tx.all('files')).filter((file) => file.state !== 'stored').length,
  }));
}

/** The deaths to come, in an order of the seed's; the last life does not end. */
function deathsOf(chance: () => number): (left: Left) => Death {
  const queue = (kinds: Kind[]): Kind[] => Array.from({ length: week.rounds }, () => shuffled(kinds, chance)).flat();
  const texts = queue(DEATHS.texts), photos = queue(DEATHS.photos);
  const apart = Math.max(1, Math.floor(2 * week.photos / photos.length));
  return (left) => {
    const kind = left.operations > 0 && texts.length > 0 ? texts.shift() : photos.shift();
    if (!kind) return { at: 0, what: 'write', when: 'before' };
    const most = kind.what === 'push' ? Math.ceil(left.operations / BATCH) : apart;
    return { ...kind, at: 1 + Math.floor(chance() * most), moment_ms: Math.floor(chance() * 25) };
  };
}

function shuffled<T>(values: T[], chance: () => number): T[] {
  return values.map((value) => ({ value, by: chance() })).sort((a, b) => a.by - b.by).map(({ value }) => value);
}

/** The server's master is killed with -9 while a request is under way, first a push; whoever started it starts it again. */
function deadly(behind: Transport, chance: () => number): { transport: Transport; killed: () => number } {
  const gap = 2 * week.photos / week.kills;
  let kills = 0, dead = 0, answered = 0, next = 0;
  const isDue = ({ path, body }: HttpRequest): boolean => (
    kills === 0 ? path.endsWith('/push') && String(body).includes('op_id') : answered >= next);
  const kill = (): void => {
    const pid = Number(readFileSync(week.pid_file, 'utf8'));
    if (pid === dead || kills === week.kills) return; // the next one is not up yet
    process.kill(pid, 'SIGKILL');
    dead = pid;
    kills += 1;
  };
  return {
    killed: () => kills,
    transport: {
      async send(request) {
        if (isDue(request)) {
          next = answered + 1 + Math.floor(chance() * 2 * gap);
          setTimeout(kill, chance() * 40);
        }
        const answer = await behind.send(request);
        answered += 1;
        return answer;
      },
    },
  };
}

/** Rounds until all is through, true, or the page is dead. Like a person who looks at it again every two minutes. */
async function sends({ engine }: Phone, { life, clock, disk, until }: { life: Life; clock: HandClock; disk: Store; until: number }): Promise<boolean> {
  while (!life.is_over) {
    const outcome = await engine.round().catch((error: unknown) => { if (!(error instanceof Dead)) throw error; return null; });
    const left = await leftIn(disk);
    if (left.operations + left.files === 0) return true;
    if (Date.now() > until) throw new Error(`not sent: ${JSON.stringify([left, outcome])}`);
    if (outcome?.is !== 'later') continue;
    clock.pass(120_000);
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
  return false;
}

it(`a week is sent whole through dying pages and a killed server (seed ${week.seed})`, { timeout: PATIENCE_MS + 300_000 }, async () => {
  const clock = await weekOffline('killed', week);
  const definitions = definitionsFor(week.user_id);
  const disk = dexieStore('killed'), witness = new Witness(disk), died: { [kind: string]: number } = {};
  const server = deadly(wireTo(week.url, week), chanceOf(week.seed));
  const nextDeath = deathsOf(chanceOf(week.seed + 1));
  const began = performance.now(), until = Date.now() + PATIENCE_MS;
  for (let is_through = false; !is_through;) {
    const life = new Life(nextDeath(await leftIn(disk)));
    const ana = await phone({ as: () => server.transport }, {
      clock, definitions, store: life.store(dexieStore('killed')), transport: life.transport(server.transport),
    });
    ana.net.fate = (request, on) => witness.see(request, on);
    is_through = await sends(ana, { life, clock, disk, until });
    if (life.is_over) { const { what, when } = life.death; died[`${when} a ${what}`] = (died[`${when} a ${what}`] ?? 0) + 1; }
    await ana.local.context.store.close();
  }
  const took_ms = performance.now() - began;
  const last = await phone({ as: () => server.transport }, { clock, definitions, store: dexieStore('killed'), transport: server.transport });
  await last.engine.round();
  expect(await last.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
  expect(witness.faults).toEqual([]);
  writeFileSync(week.report, JSON.stringify({ took_ms, died, kills: server.killed(), ...witness.seen, ...await heldBy(last.local, week) }));
});
