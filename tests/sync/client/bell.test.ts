// The bell (M-70 to M-74): an open phone hears at once, an idle one asks little, two hundred never ask in step.
import { describe, expect, it } from 'vitest';
import type { HttpAnswer, HttpRequest } from '@fieldpledge/sync-client';
import { listen } from '@engine/listen';
import { gone, HandBell, HandLocks, HandSurroundings, phone, server } from './engine-kit';
import type { Phone, PhoneSetup } from './engine-kit';
import type { ModelServer } from './model-server';
import { addNote, note } from './notes';
import { chanceOf, Timeline, until } from './timeline';

const QUIET: HttpAnswer = { status: 204, headers: {}, text: '' };
const isBell = ({ path }: HttpRequest): boolean => path.includes('/bell?');
/** The leader's idle timer. */
const isIdle = (ms: number): boolean => ms >= 30_000 && ms <= 36_000;

/** A phone whose quiet bells are held for 45 s of virtual time, as the server does. */
async function listening(model: ModelServer, time: Timeline, setup: PhoneSetup = {}): Promise<Phone & { held: (() => void)[] }> {
  const one = await phone(model, { is_seen: true, clock: time.clock, timers: time, ...setup });
  const held: (() => void)[] = [];
  one.net.fate = async (request, on) => {
    const answer = await on();
    if (!isBell(request) || answer.status !== 204) return answer;
    return new Promise((resolve) => {
      const cancel = time.after(45_000, () => { resolve(QUIET); });
      held.push(() => { cancel(); void on().then(resolve); });
    });
  };
  return Object.assign(one, { held });
}

const bells = (one: Phone): number => one.net.sent.filter(isBell).length;
/** Both the leader and the bell wait for something. */
const rests = (time: Timeline) => () => until(() => time.waits(isIdle) && time.waits((ms) => ms === 45_000 || ms <= 1_000 || ms >= 300_000));

/** Starts a phone; it has pulled, and its bell is held (or was refused). */
async function started(one: Phone, time: Timeline): Promise<void> {
  one.engine.start();
  await rests(time)();
  await time.pass(time.now + 1_000, rests(time));
}

describe('an open phone', () => {
  it('shows what a colleague wrote as soon as the bell says so, without its timer', async () => {
    const model = server();
    const time = new Timeline();
    const ana = await listening(model, time);
    const ben = await phone(model);
    await started(ana, time);
    const record = await addNote(ben, { title: 'new' });
    await ben.engine.round();
    const before = time.now;
    ana.held.at(-1)!();
    await until(async () => (await note(ana, record))?.fields['title'] === 'new');
    expect(time.now).toBe(before);
    await ana.engine.stop();
  });

  it('asks at most twice a minute while nothing happens, and still pulls every five minutes', async () => {
    const time = new Timeline();
    const ana = await listening(server(), time, { random: chanceOf(7) });
    await started(ana, time);
    const first = ana.net.sent.length;
    await time.pass(time.now + 3_600_000, rests(time));
    const asked = ana.net.sent.slice(first);
    expect(asked.length / 60).toBeLessThanOrEqual(2);
    expect(asked.filter((each) => !isBell(each)).length).toBeGreaterThanOrEqual(10);
    await ana.engine.stop();
  });

  it('is not rung for what its own pull has brought already', async () => {
    const model = server();
    const time = new Timeline();
    const ana = await listening(model, time);
    await started(ana, time);
    await addNote(ana);
    await until(async () => (await ana.local.counts()).operations === 0 && time.waits(isIdle));
    const asked = ana.net.sent.length;
    ana.held.at(-1)!();
    await until(() => time.waits((ms) => ms === 500));
    expect(ana.net.sent.length).toBe(asked);
    await ana.engine.stop();
  });

  it('turns a draft that rests into an operation although it pulls seldom', async () => {
    const model = server();
    const time = new Timeline();
    const ana = await listening(model, time);
    await started(ana, time);
    const record = await addNote(ana);
    await until(async () => (await ana.local.counts()).operations === 0);
    await rests(time)();
    await ana.local.drafts.set(record, 'title', 'typed', 'a');
    await time.pass(time.now + 140_000, rests(time));
    await until(async () => (await ana.local.counts()).unsent === 0);
    expect(model.records.get(`note/${record.id}`)?.fields['title']).toBe('typed');
    await ana.engine.stop();
  });
});

describe('a new phone', () => {
  it('does not listen before its first pull is complete: there is nothing yet that could change', async () => {
    const model = server();
    const ben = await phone(model);
    for (let i = 0; i < 3; i++) await addNote(ben);
    await ben.engine.round();
    model.page_limit = 2;
    const time = new Timeline();
    const ana = await listening(model, time);
    const through = ana.net.fate!;
    ana.net.fate = (request, on) => (request.path.includes('cursor=') ? gone() : through(request, on));
    ana.engine.start();
    await until(() => ana.net.sent.length === 2 && time.waits((ms) => ms === 1_000));
    await time.pass(time.now + 1_000, () => until(() => time.waits((ms) => ms === 1_000)));
    expect(await ana.local.all('note')).toHaveLength(2);
    expect(bells(ana)).toBe(0);
    ana.net.fate = through;
    ana.engine.nudge();
    await until(() => time.waits(isIdle));
    await time.pass(time.now + 1_000, () => until(() => bells(ana) === 1));
    await ana.engine.stop();
  });
});

describe('a phone that nobody looks at', () => {
  it('asks nothing but by its timer, and listens again when somebody looks', async () => {
    const time = new Timeline();
    const ana = await listening(server(), time);
    await started(ana, time);
    ana.surroundings.say('hidden');
    const before = bells(ana);
    await time.pass(time.now + 600_000, () => until(() => time.waits(isIdle)));
    expect(bells(ana)).toBe(before);
    expect(ana.net.sent.length).toBeGreaterThan(before + 10);
    ana.surroundings.say('visible');
    await until(() => bells(ana) === before + 1);
    await ana.engine.stop();
  });

  it('leaves the bell to the tab that is seen, and that tab wakes the one that leads', async () => {
    const model = server();
    const time = new Timeline();
    const shared = { user: 'pia', locks: new HandLocks(), bell: new HandBell() };
    const hidden = await listening(model, time, { ...shared, is_seen: false });
    const seen = await listening(model, time, { ...shared, store: hidden.local.context.store });
    hidden.engine.start();
    await until(() => hidden.engine.state().is_leader);
    await started(seen, time);
    expect([bells(hidden), seen.net.sent.length]).toEqual([0, bells(seen)]);
    const ben = await phone(model);
    const record = await addNote(ben, { title: 'new' });
    await ben.engine.round();
    seen.held.at(-1)!();
    await until(async () => (await note(seen, record))?.fields['title'] === 'new');
    await Promise.all([hidden.engine.stop(), seen.engine.stop()]);
  });
});

describe('a server that cannot hold', () => {
  it('is polled every half minute and asked for the bell seldom: at most two requests a minute', async () => {
    const time = new Timeline();
    const ana = await phone(server(), { is_seen: true, clock: time.clock, timers: time, random: chanceOf(11) });
    await started(ana, time);
    const first = ana.net.sent.length;
    await time.pass(time.now + 3_600_000, rests(time));
    expect(ana.net.sent.length - first).toBeLessThanOrEqual(120);
    expect(ana.net.sent.length - first).toBeGreaterThan(95);
    await ana.engine.stop();
  });
});

describe('two hundred phones', () => {
  const PHONES = 200;
  /** Two hundred listeners on one virtual time; `up` decides what the server does. Answers when they asked. */
  function crowd(time: Timeline, up: () => boolean): { asked: number[]; held: Set<() => void>; stop: () => void } {
    const asked: number[] = [];
    const held = new Set<() => void>();
    const stopped = new AbortController();
    for (let i = 0; i < PHONES; i++) {
      const chance = chanceOf(i + 1);
      const send = (): Promise<HttpAnswer> => {
        asked.push(time.now);
        if (!up()) return Promise.reject(new Error('refused'));
        return new Promise((resolve, reject) => {
          const end = (): void => { cancel(); held.delete(end); reject(new Error('gone')); };
          const cancel = time.after(40_000 + 10_000 * chance(), () => { held.delete(end); resolve(QUIET); });
          held.add(end);
        });
      };
      void listen({
        name: `${i}`, path: () => `/api/sync/v1/bell?device_id=d${i}`, clock: time.clock, timers: time, transport: { send },
        locks: new HandLocks(), surroundings: new HandSurroundings(true), random: chance, says: () => undefined,
        known: () => Promise.resolve({ epoch: 'e1', feed_head: 1 }), hers: () => Promise.resolve(),
      }, stopped.signal);
    }
    return { asked, held, stop: () => { stopped.abort(); } };
  }
  const settled = async (): Promise<void> => { for (let i = 0; i < 30; i++) await Promise.resolve(); };
  const busiestSecond = (times: number[]): number =>
    Math.max(...times.map((at) => times.filter((each) => each >= at && each < at + 1000).length));

  it('that lost their server at one instant come back spread over time, all within a minute and a half', async () => {
    const time = new Timeline();
    let is_up = true;
    const all = crowd(time, () => is_up);
    await settled();
    await time.pass(100_000, settled);
    is_up = false;
    [...all.held].forEach((end) => { end(); });
    await settled();
    await time.pass(400_000, settled);
    is_up = true;
    const from = all.asked.length;
    await time.pass(490_000, settled);
    const back = all.asked.slice(from);
    expect(all.held.size).toBe(PHONES);
    expect(busiestSecond(back.filter((at) => at < 460_000))).toBeLessThanOrEqual(20);
    all.stop();
  });

  it('whose server only started anew do not all ask in the second after', async () => {
    const time = new Timeline();
    const all = crowd(time, () => true);
    await settled();
    await time.pass(100_000, settled);
    const from = all.asked.length;
    [...all.held].forEach((end) => { end(); });
    await settled();
    await time.pass(110_000, settled);
    expect(all.held.size).toBe(PHONES);
    expect(busiestSecond(all.asked.slice(from))).toBeLessThanOrEqual(130);
    all.stop();
  });

  it('that get their network back in the same instant ask over three seconds', async () => {
    const delays: number[] = [];
    for (const chance of [0, 0.25, 0.5, 1]) {
      const time = new Timeline();
      const ana = await phone(server(), { clock: time.clock, timers: time, random: () => chance });
      ana.net.fate = () => Promise.reject(new Error('no network'));
      ana.engine.start();
      await until(() => ana.engine.state().is_offline && time.waits((ms) => ms <= 4_000));
      const [asked, at] = [ana.net.sent.length, time.now];
      ana.surroundings.say('online');
      expect(ana.net.sent.length).toBe(asked);
      await time.pass(at + chance * 3_000, () => until(() => ana.net.sent.length > asked));
      delays.push(time.now - at);
      await ana.engine.stop();
    }
    expect(delays).toEqual([0, 750, 1500, 3000]);
  });
});
