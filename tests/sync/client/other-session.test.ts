// The browser's cookie is somebody else's (M-74): the phone stops, says so, keeps all, and goes on after the right sign-in.
import { expect, it } from 'vitest';
import type { HttpAnswer, Status } from '@fieldpledge/sync-client';
import { phone, server } from './engine-kit';
import type { Phone } from './engine-kit';
import { addNote, edit } from './notes';
import { Timeline, until } from './timeline';

const refusal = (field: string): HttpAnswer => ({
  status: 403, headers: { 'content-type': 'application/problem+json' },
  text: JSON.stringify({ type: '/problems/device-of-another-user', title: 'x', status: 403, field }),
});

interface Shared { model: ReturnType<typeof server>; time: Timeline; ana: Phone; who: { is_hers: boolean } }

/** A phone in use whose requests are refused while the session is not hers; it has pulled once. */
async function inUse(field = 'Sync-User'): Promise<Shared> {
  const [model, time, who] = [server(), new Timeline(), { is_hers: true }];
  const ana = await phone(model, { is_seen: true, clock: time.clock, timers: time });
  ana.net.fate = (_request, on) => (who.is_hers ? on() : Promise.resolve(refusal(field)));
  ana.engine.start();
  await until(async () => (await ana.local.counts()).last_pulled_at !== null);
  return { model, time, ana, who };
}

const settled = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 20); });

it('stops asking altogether, keeps what is made meanwhile, and sends all once by itself when she is back', async () => {
  const { model, time, ana, who } = await inUse();
  who.is_hers = false;
  const record = await addNote(ana, { title: 'hers' });
  await until(() => ana.engine.state().problem === 'other-session');
  await time.pass(time.now + 120_000, settled); // the bell's last try is over too
  const asked = ana.net.sent.length;
  await edit(ana, record, { count: 2 });
  await time.pass(time.now + 4 * 3_600_000, settled);
  expect(ana.net.sent.length).toBe(asked);
  expect(model.ledger.size).toBe(0);
  expect((await ana.local.counts()).operations).toBeGreaterThan(0);

  who.is_hers = true;
  ana.engine.nudge(); // what a sign-in does, in whichever tab
  await until(async () => (await ana.local.counts()).unsent === 0);
  await until(() => ana.engine.state().problem === null);
  expect(model.records.get(`note/${record.id}`)?.fields).toMatchObject({ title: 'hers', count: 2 });
  await until(() => ana.net.sent.slice(asked).some(({ path }) => path.includes('/bell?')));
  await ana.engine.stop();
});

it('asks again when the screen is looked at, with nothing of hers in the request', async () => {
  const { ana, who } = await inUse();
  who.is_hers = false;
  await addNote(ana);
  await until(() => ana.engine.state().problem === 'other-session');
  const asked = ana.net.sent.length;
  ana.surroundings.say('hidden');
  ana.surroundings.say('visible');
  await until(() => ana.net.sent.length > asked);
  const bodies = ana.net.sent.slice(asked).map(({ body }) => (typeof body === 'string' ? JSON.parse(body) as { ops?: unknown[] } : {}));
  expect(bodies.flatMap(({ ops }) => ops ?? [])).toEqual([]);
  who.is_hers = true; // the right person signed in elsewhere on this phone
  ana.surroundings.say('visible');
  await until(async () => (await ana.local.counts()).unsent === 0);
  await ana.engine.stop();
});

it('a phone database that is registered to somebody else is another matter: the office is needed, and it goes on asking', async () => {
  const { ana, who } = await inUse('device_id');
  who.is_hers = false;
  await addNote(ana);
  const seen: (string | null)[] = [];
  const end = ana.engine.status().subscribe((status: Status) => { seen.push(status.problem); });
  await until(() => seen.includes('device-of-another-user'));
  expect(seen).not.toContain('other-session');
  end();
  await ana.engine.stop();
});
