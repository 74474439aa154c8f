// Virtual time: what waits runs in its order, and the clock stands where it ran. Nothing is slept.
import type { Timers } from '@fieldpledge/sync-client';
import { HandClock, HandTimers } from './kit';

interface Waiting { at: number; ms: number; run: () => void }

export class Timeline extends HandTimers implements Timers {
  readonly clock = new HandClock();
  private readonly line = new Map<symbol, Waiting>();
  private readonly began = this.clock.ticks;

  override after(ms: number, run: () => void): () => void {
    const key = Symbol();
    this.line.set(key, { at: this.now + ms, ms, run });
    return () => { this.line.delete(key); };
  }

  /** Milliseconds since the beginning. */
  get now(): number { return this.clock.ticks - this.began; }

  /** Whether something waits that was asked for with such a time. */
  waits(is_such: (ms: number) => boolean): boolean {
    return [...this.line.values()].some(({ ms }) => is_such(ms));
  }

  /** Runs what waits until `until_ms`; after each the world comes to rest. */
  async pass(until_ms: number, rest: () => Promise<void>): Promise<void> {
    for (;;) {
      const [next] = [...this.line.entries()].sort(([, a], [, b]) => a.at - b.at);
      if (!next || next[1].at > until_ms) break;
      this.line.delete(next[0]);
      this.clock.pass(Math.max(0, next[1].at - this.now));
      next[1].run();
      await rest();
    }
    this.clock.pass(Math.max(0, until_ms - this.now));
  }
}

/** Chance with a seed: numbers from 0 to 1 (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets promises and the in-memory database run until it is so. */
export async function until(is_so: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 5000; i++) {
    if (await is_so()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error('never came to be so');
}
