// The browser's halves of the ports, and `startSync`, which puts them together. Nothing here knows what is synced.
import { createEngine } from '../engine';
import type { Engine } from '../engine';
import type { Local } from '../local';
import type { Bell, HttpRequest, Locks, Signer, Surroundings, Transport } from '../ports';
import { signerOf } from './signer';

export { listen } from '../listen';
export { signerOf } from './signer';

export interface StartSync {
  local: Local;
  /** Address of the server; empty for the page's own. */
  server: string;
  /** Name and version of the application, at most 64 characters. */
  app: string;
  /** Sent with every request that changes something. */
  headers?: Record<string, string>;
  /** Registers the device's public key with the server; called before the first push, again until it succeeds. */
  registers?: (key_id: string, public_key: JsonWebKey) => Promise<void>;
}

/** Starts the engine of this tab. Call it in every tab; one of them leads. */
export function startSync(wanted: StartSync): Engine {
  const { local, server, app } = wanted;
  let made: Promise<Signer | null> | undefined;
  const signer = (): Promise<Signer | null> => made ??= signerOf(local.context.store).catch(() => null);
  const plain = fetchTransport(server, wanted.headers ?? {});
  const { registers } = wanted;
  const register = async (): Promise<void> => {
    const key = await signer();
    if (key) await registers?.(key.key_id, key.public_key);
  };
  const transport = registers ? registering(plain, () => local.context.device_id, register) : plain;
  const engine = createEngine({
    local, app, signer, transport, locks: webLocks,
    bell: broadcastBell(local.context.store.name), surroundings: pageSurroundings, persisted: isPersisted,
  });
  engine.start();
  return engine;
}

/** How long a push waits for the key's registration; the work matters more than its evidence (M-64). */
const REGISTER_MS = 5_000;

/** Registers the key of a device before its first push; again with the next one when that failed, or for a new device. */
function registering(behind: Transport, deviceId: () => string, register: () => Promise<void>): Transport {
  let registered: string | null = null;
  return {
    async send(request) {
      const device_id = deviceId();
      if (registered !== device_id && request.path.endsWith('/push')) {
        const done = register().then(() => { registered = device_id; }, () => undefined);
        await Promise.race([done, new Promise((resolve) => { setTimeout(resolve, REGISTER_MS); })]);
      }
      return behind.send(request);
    },
  };
}

/** Requests by fetch, with the session's cookie. Bodies of JSON over 1 KiB are gzipped where the browser can. */
export function fetchTransport(server: string, headers: Record<string, string>): Transport {
  return {
    async send(request) {
      const packed = await packedOf(request);
      const answer = await fetch(server + request.path, {
        method: request.method, credentials: 'include', cache: 'no-store', redirect: 'error',
        headers: { accept: 'application/json', ...headers, ...request.headers, ...packed.headers },
        ...(packed.body === undefined ? {} : { body: packed.body }),
        signal: endOf(request),
      });
      return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
    },
  };
}

/** Ends a request after its time, or when its answer is not wanted any more. */
function endOf({ timeout_ms, signal }: HttpRequest): AbortSignal {
  if (!signal) return AbortSignal.timeout(timeout_ms);
  const either = new AbortController();
  const timer = setTimeout(() => { either.abort(); }, timeout_ms);
  signal.addEventListener('abort', () => { clearTimeout(timer); either.abort(); }, { once: true });
  return either.signal;
}

async function packedOf({ body }: HttpRequest): Promise<{ headers: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> }> {
  if (typeof body !== 'string' || body.length < 1024 || typeof CompressionStream === 'undefined') {
    return body === undefined ? { headers: {} } : { headers: {}, body };
  }
  const packed = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
  return { headers: { 'content-encoding': 'gzip' }, body: new Uint8Array(await new Response(packed).arrayBuffer()) };
}

/** One leader per device by Web Locks; without them every tab leads, which the server's receipts make harmless. */
export const webLocks: Locks = {
  async lead(name, cancelled, hold) {
    if (!('locks' in navigator)) { await hold(); return; }
    await navigator.locks.request(name, { signal: cancelled }, hold);
  },
};

/** Tabs tell each other by BroadcastChannel. */
export function broadcastBell(name: string): Bell {
  const channel = new BroadcastChannel(name);
  return {
    ring: (word) => { channel.postMessage(word); },
    listen(heard) {
      const on_message = (event: MessageEvent): void => { heard(String(event.data)); };
      channel.addEventListener('message', on_message);
      return () => { channel.removeEventListener('message', on_message); };
    },
    close: () => { channel.close(); },
  };
}

/** Visibility and network of this page. */
export const pageSurroundings: Surroundings = {
  listen(happened) {
    const on_visible = (): void => { happened(document.visibilityState === 'visible' ? 'visible' : 'hidden'); };
    const on_line = (): void => { happened('online'); };
    const off_line = (): void => { happened('offline'); };
    document.addEventListener('visibilitychange', on_visible);
    window.addEventListener('online', on_line);
    window.addEventListener('offline', off_line);
    return () => {
      document.removeEventListener('visibilitychange', on_visible);
      window.removeEventListener('online', on_line);
      window.removeEventListener('offline', off_line);
    };
  },
  is_online: () => navigator.onLine,
  is_visible: () => document.visibilityState === 'visible',
};

/** Whether the browser promised to keep the database. */
async function isPersisted(): Promise<boolean> {
  return 'storage' in navigator && await navigator.storage.persisted();
}

/** Asks the browser to keep the database; answers whether it promised. */
export async function askToPersist(): Promise<boolean> {
  return 'storage' in navigator && await navigator.storage.persist();
}
