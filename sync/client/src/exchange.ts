// One request and what came of it. What is not the protocol's own JSON is never taken for an answer (M-22): captive
// portals, proxies and crashed servers all say something.
import { contactOf } from './clock';
import type { Contact } from './context';
import type { Clock, HttpRequest, Timers, Transport } from './ports';
import type { Fields, Json } from './words';

/** There was no answer. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

export type Answer =
  /** the protocol's JSON, or an empty answer where the protocol has one */
  | { is: 'good'; status: number; body: Fields; headers: Record<string, string>; contact: Contact | null }
  /** a problem of the server's catalogue */
  | { is: 'problem'; status: number; slug: string; body: Fields; headers: Record<string, string>; wait_ms: number | null }
  /** nothing, or something that is not ours */
  | { is: 'noise'; status: number; wait_ms: number | null };

export interface Wire {
  transport: Transport;
  clock: Clock;
  timers: Timers;
  /** Aborted when this tab lets go of the lead: from then on nothing is an answer any more. */
  stopped?: AbortSignal;
}

/** Sends one request; ends by itself after its time-out, whatever the transport does (watchdog). */
export async function exchange(wire: Wire, request: HttpRequest): Promise<Answer> {
  const sent = { wall_ms: wire.clock.now(), mono_ms: wire.clock.mono() };
  const answer = await watched(wire, request).catch(() => null);
  if (!answer) return { is: 'noise', status: 0, wait_ms: null };
  const { status, headers } = answer;
  const wait_ms = waitOf(headers['retry-after'], wire.clock.now());
  const is_empty = answer.text === '' || request.method === 'HEAD';
  const body = is_empty ? {} : jsonOf(answer.text);
  if (status >= 200 && status < 300 && body) {
    const server_ms = Date.parse(String(body['server_time'] ?? headers['sync-server-time'] ?? ''));
    const contact = Number.isNaN(server_ms) ? null : contactOf(sent, wire.clock, server_ms);
    return { is: 'good', status, body, headers, contact };
  }
  if (is_empty && status >= 400) return { is: 'problem', status, slug: '', body: {}, headers, wait_ms };
  const slug = body && slugOf(body);
  if (status >= 400 && body && slug) return { is: 'problem', status, slug, body, headers, wait_ms };
  return { is: 'noise', status, wait_ms };
}

function watched(wire: Wire, request: HttpRequest): Promise<{ status: number; headers: Record<string, string>; text: string }> {
  return new Promise((resolve, reject) => {
    const give_up = (): void => { reject(new Unreachable('given up')); };
    if (wire.stopped?.aborted) { give_up(); return; }
    const cancel = wire.timers.after(request.timeout_ms + 5_000, give_up);
    wire.stopped?.addEventListener('abort', give_up);
    wire.transport.send(request).then(resolve, reject).finally(() => {
      cancel();
      wire.stopped?.removeEventListener('abort', give_up);
    });
  });
}

function jsonOf(text: string): Fields | null {
  try {
    const value = JSON.parse(text) as Json;
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The slug of a problem; a reset and a session's end are recognised by their status where the type is missing. */
function slugOf(body: Fields): string | null {
  const type = body['type'];
  return typeof type === 'string' && type.startsWith('/problems/') ? type.slice('/problems/'.length) : null;
}

/** The session is somebody else's (M-74): nothing goes until the right person has signed in. */
export function isOtherSession(answer: Answer): boolean {
  return answer.is === 'problem' && answer.slug === 'device-of-another-user' && answer.body['field'] === 'Sync-User';
}

/** Retry-After: seconds, or an HTTP date. */
function waitOf(header: string | undefined, now: number): number | null {
  if (!header) return null;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), 3600_000);
}

/** Base64 of bytes, as tus wants it. */
export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
