// One sender per phone: Web Locks decide, the others ring; a tab that goes hands over; a stuck attempt ends by itself.
import { describe, expect, it } from 'vitest';
import type { Status } from '@fieldpledge/sync-client';
import { HandBell, HandLocks, phone, server } from './engine-kit';
import type { Phone } from './engine-kit';
import { firsts } from './kit';
import { until } from './timeline';

async function tabs(): Promise<{ one: Phone; two: Phone; model: ReturnType<typeof server> }> {
  const model = server();
  const [locks, bell] = [new HandLocks(), new HandBell()];
  const one = await phone(model, { user: 'pia', locks, bell });
  const two = await phone(model, { user: 'pia', locks, bell, store: one.local.context.store, clock: one.clock });
  one.engine.start();
  await until(() => one.engine.state().is_leader);
  two.engine.start();
  return { one, two, model };
}

/** Whether the leader sleeps until its idle timer (33 s, for chance is 0.5 here). */
function rests({ timers }: Phone): boolean {
  return [...timers.waiting.values()].includes(33_000);
}

function add(on: Phone): Promise<unknown> {
  return on.local.perform({ type: 'note.add', record: { kind: 'note', id: on.local.newId() }, args: { title: 'a' } });
}

describe('the lead', () => {
  it('is held by one tab; a save in another is sent by the leader at once', async () => {
    const { one, two, model } = await tabs();
    await until(() => rests(one));
    await add(two);
    await until(async () => (await two.local.counts()).operations === 0);
    expect(two.net.sent).toEqual([]);
    expect(two.engine.state()).toMatchObject({ is_leader: false });
    expect(model.ledger.size).toBe(1);
    await Promise.all([one.engine.stop(), two.engine.stop()]);
  });

  it('passes on when its tab goes', async () => {
    const { one, two, model } = await tabs();
    await one.engine.stop();
    await until(() => two.engine.state().is_leader);
    await add(two);
    await until(async () => (await two.local.counts()).operations === 0);
    expect(model.ledger.size).toBe(1);
    await two.engine.stop();
  });

  it('is given up even while a request hangs for ever', async () => {
    const { one, two, model } = await tabs();
    await until(() => rests(one));
    one.net.fate = () => new Promise(() => undefined);
    await add(one);
    await until(() => one.net.sent.some(({ path }) => path.endsWith('/push')));
    await one.engine.stop();
    await until(() => model.ledger.size === 1);
    await two.engine.stop();
  });

  it('ends a stuck attempt by its watchdog and tries again', async () => {
    const { one, two, model } = await tabs();
    await until(() => rests(one));
    let hangs = true;
    one.net.fate = (_, on) => (hangs ? new Promise(() => undefined) : on());
    await add(one);
    await until(() => one.net.sent.some(({ path }) => path.endsWith('/push')));
    hangs = false;
    one.timers.run();
    await until(() => one.engine.state().is_offline);
    one.timers.run();
    await until(() => model.ledger.size === 1);
    await until(() => !one.engine.state().is_offline);
    await Promise.all([one.engine.stop(), two.engine.stop()]);
  });

  it('tells every tab one honest line', async () => {
    const { one, two } = await tabs();
    one.net.fate = () => Promise.reject(new Error('no network'));
    const line = firsts<Status>(two.engine.status());
    await add(two);
    expect(await line.next((status) => status.unsent === 1 && status.is_offline)).toMatchObject({ operations: 1, needs_you: 0 });
    one.net.fate = null;
    two.engine.nudge();
    expect(await line.next((status) => status.unsent === 0 && !status.is_offline)).toMatchObject({ last_sent_at: one.clock.now() });
    line.stop();
    await Promise.all([one.engine.stop(), two.engine.stop()]);
  });

  it('asks nothing before the time that the server named, however much is saved; by hand it does', async () => {
    const { one, two, model } = await tabs();
    await until(() => rests(one));
    model.instead = () => ({ status: 429, headers: { 'retry-after': '60' }, text: '{"type":"/problems/too-many"}' });
    await add(one);
    await until(() => one.net.sent.some(({ path }) => path.endsWith('/push')));
    await until(() => !one.engine.state().is_sending);
    const asked = one.net.sent.length;
    for (let i = 0; i < 5; i++) await add(one);
    expect(one.net.sent.length).toBe(asked);
    model.instead = null;
    one.engine.nudge();
    await until(() => model.ledger.size === 6);
    await Promise.all([one.engine.stop(), two.engine.stop()]);
  });
});
