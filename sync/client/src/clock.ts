// Clocks are evidence, never order: the offset is measured at each contact, the monotonic delta bridges to the tap.
import type { Contact } from './context';
import { uuid7 } from './ids';
import type { Clock } from './ports';
import type { ClockReading } from './words';

/** The run of this page: monotonic readings compare only within one. */
export const RUN_ID: string = uuid7(Date.now());

/** The browser's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => Math.round(performance.now()),
};

/** What one exchange says about the device's clock: the server's time belongs to the middle of it. */
export function contactOf(sent: { wall_ms: number; mono_ms: number }, clock: Clock, server_ms: number): Contact {
  const rtt_ms = Math.max(0, Math.round(clock.mono() - sent.mono_ms));
  const wall_ms = clock.now();
  return {
    offset_ms: Math.round(server_ms - (sent.wall_ms + rtt_ms / 2)),
    rtt_ms,
    wall_ms,
    mono_ms: clock.mono(),
    run_id: RUN_ID,
  };
}

/**
 * The clock evidence of an operation made now: offset and uncertainty of the last contact, and its age.
 * Within one run of the page the age is monotonic and no wrong wall clock can bend it.
 */
export function readingOf(contact: Contact | null, clock: Clock): ClockReading | null {
  if (!contact) return null;
  const same_run = contact.run_id === RUN_ID;
  const age_ms = same_run ? clock.mono() - contact.mono_ms : clock.now() - contact.wall_ms;
  // A wall clock that jumped within the run moved the offset by the same amount.
  const jump_ms = same_run ? (clock.now() - contact.wall_ms) - (clock.mono() - contact.mono_ms) : 0;
  return {
    offset_ms: Math.round(contact.offset_ms - jump_ms),
    rtt_ms: contact.rtt_ms,
    age_s: Math.max(0, Math.round(age_ms / 1000)),
  };
}

export interface Corrected {
  corrected_at: string;
  quality: 'good' | 'fair' | 'poor';
  clock_off: boolean;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const CLOCK_OFF_MS = 600_000;
const FRESH_S = 259_200;
const QUICK_MS = 10_000;
const CUT_MS = 2_000;
const OLDEST_MS = 400 * 24 * 3600_000;

/** The server's idea of when something happened (M-62), the same here, to show it before it is sent. */
export function correctedOf(occurred_at: string, clock: ClockReading | null, received_at: string): Corrected {
  const received = Date.parse(received_at);
  const claimed = INSTANT.test(occurred_at) ? Date.parse(occurred_at) : NaN;
  const clock_off = clock !== null && Math.abs(clock.offset_ms) > CLOCK_OFF_MS;
  const wanted = claimed + (clock?.offset_ms ?? 0);
  const is_readable = !Number.isNaN(claimed) && new Date(claimed).toISOString() === occurred_at;
  if (!is_readable || received - wanted > OLDEST_MS) return { corrected_at: received_at, quality: 'poor', clock_off };
  const corrected_at = new Date(Math.min(wanted, received)).toISOString();
  if (!clock || wanted - received > CUT_MS + clock.rtt_ms) return { corrected_at, quality: 'poor', clock_off };
  const is_good = clock.age_s <= FRESH_S && clock.rtt_ms <= QUICK_MS;
  return { corrected_at, quality: is_good ? 'good' : 'fair', clock_off };
}
