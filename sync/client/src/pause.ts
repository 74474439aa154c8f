// How long to wait before asking again: never two devices in step.
import type { Outcome } from './push';

const IDLE_MS = 30_000;
const BACKOFF_FIRST_MS = 2_000;
/** A server that is back is found within a minute; asking it costs one empty push. */
const BACKOFF_MAX_MS = 60_000;

/** Idle: 30 s and up to a fifth more, so two requests a minute at most. After failures: doubled each time, half of it by chance, at most a minute (no stampede). */
export function pauseOf(outcome: Outcome, failures: number, chance: number): number {
  if (outcome.is !== 'later') return Math.round(IDLE_MS * (1 + 0.2 * chance));
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.round(Math.max(full * (0.5 + 0.5 * chance), (outcome.wait_ms ?? 0) * (1 + 0.2 * chance)));
}
