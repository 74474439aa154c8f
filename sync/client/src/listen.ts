// The bell at the server (M-70 to M-73): while somebody looks at the screen, one tab of the device waits for the word that
// there is something new. A lock of its own, not the lead's: the tab that leads may be one that nobody looks at.
import { exchange, isOtherSession } from './exchange';
import type { Answer, Wire } from './exchange';
import { pauseOf } from './pause';
import type { Clock, Locks, Surroundings, Timers, Transport } from './ports';

/** Longer than the server holds an answer back. */
const HELD_MS = 60_000;
/** After news: the pull is under way, and what else changes meanwhile is told at once. */
const APART_MS = 1_000;

export interface Listening {
  /** Whose bell: one tab of those with this name listens. */
  name: string;
  /** The bell's address, without where the asker stands. */
  path: () => string;
  clock: Clock;
  timers: Timers;
  transport: Transport;
  locks: Locks;
  surroundings: Surroundings;
  random: () => number;
  /** listening: a request waits at the server; deaf: none does; wake: there is something new. */
  says(word: 'listening' | 'deaf' | 'wake'): void;
  /** What the last complete pull brought; null before there was one, and nothing is asked. Who never pulls knows nothing: '' and 0. */
  known(): Promise<Known | null>;
  /** Waits while the session is somebody else's. */
  hers(away: AbortSignal): Promise<void>;
}

/** How far the asker knows the server. */
export interface Known { epoch: string; feed_head: number }

/** Listens whenever this page is visible, until stopped. */
export async function listen(ports: Listening, stopped: AbortSignal): Promise<void> {
  for (;;) {
    const away = new AbortController();
    const leave = (): void => { away.abort(); };
    stopped.addEventListener('abort', leave);
    const unlisten = ports.surroundings.listen((reason) => { if (reason === 'hidden') leave(); });
    await visible(ports.surroundings, stopped);
    if (!stopped.aborted) {
      await ports.locks.lead(`bell:${ports.name}`, away.signal, () => attend(ports, away.signal)).catch(() => undefined);
    }
    unlisten();
    stopped.removeEventListener('abort', leave);
    if (stopped.aborted) return;
  }
}

function visible(surroundings: Surroundings, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (surroundings.is_visible() || stopped.aborted) { resolve(); return; }
    const done = (): void => { unlisten(); resolve(); };
    const unlisten = surroundings.listen((reason) => { if (reason === 'visible') done(); });
    stopped.addEventListener('abort', done, { once: true });
  });
}

/** Asks, waits, tells; until nobody looks any more. */
async function attend(ports: Listening, away: AbortSignal): Promise<void> {
  const wire: Wire = { transport: ports.transport, clock: ports.clock, timers: ports.timers, stopped: away };
  let failures = 0;
  let heard: Known | null = null;
  for (;;) {
    await ports.hers(away);
    if (away.aborted) break;
    const known = furthest(heard, await ports.known());
    if (!known) { // before the first complete pull everything is new: that pull needs no bell
      await rest(ports, APART_MS, away);
      continue;
    }
    ports.says('listening');
    const answer = await ask(wire, ports.path(), known);
    const news = newsIn(answer);
    failures = answer.is === 'good' ? 0 : failures + 1;
    if (news) {
      heard = news;
      const own = await ports.known();
      if (own?.epoch !== news.epoch || own.feed_head < news.feed_head) ports.says('wake');
      await rest(ports, ports.random() * APART_MS, away);
      continue;
    }
    if (isOtherSession(answer)) ports.says('wake'); // the leader asks for itself, and says so to all
    const pause = pauseAfter(answer, failures, ports.random());
    if (pause > 0) ports.says('deaf');
    await rest(ports, pause, away);
  }
  ports.says('deaf');
}

/** A bell is asked for what lies behind both the last pull and the last bell: no news is told twice. */
function furthest(heard: Known | null, own: Known | null): Known | null {
  if (!heard || !own) return heard ?? own;
  return heard.epoch === own.epoch && own.feed_head > heard.feed_head ? own : heard;
}

function ask(wire: Wire, path: string, { epoch, feed_head }: Known): Promise<Answer> {
  const query = new URLSearchParams({ epoch, after: String(feed_head) });
  return exchange(wire, {
    method: 'GET', path: `${path}${path.includes('?') ? '&' : '?'}${query.toString()}`, timeout_ms: HELD_MS,
    ...(wire.stopped ? { signal: wire.stopped } : {}),
  });
}

function newsIn(answer: Answer): Known | null {
  if (answer.is !== 'good' || answer.status !== 200) return null;
  const { epoch, feed_head } = answer.body;
  return typeof epoch === 'string' && typeof feed_head === 'number' ? { epoch, feed_head } : null;
}

/** Nothing so far: again at once. A server that cannot hold the answer says when; after a failure as after any other. */
function pauseAfter(answer: Answer, failures: number, chance: number): number {
  if (answer.is !== 'good') return pauseOf({ is: 'later', wait_ms: answer.wait_ms, problem: null, is_offline: false }, failures, chance);
  const again_s = Number(answer.headers['retry-after'] ?? 0);
  return answer.status === 204 && again_s > 0 ? again_s * 1000 * (1 + chance) : 0;
}

function rest({ timers }: Listening, ms: number, away: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || away.aborted) { resolve(); return; }
    const done = (): void => { cancel(); away.removeEventListener('abort', done); resolve(); };
    const cancel = timers.after(ms, done);
    away.addEventListener('abort', done);
  });
}
