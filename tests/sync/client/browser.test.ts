// The browser's halves, as far as Node has them too: fetch with gzip, Web Locks, BroadcastChannel, the signing key.
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createEngine } from '@fieldpledge/sync-client';
import { broadcastBell, fetchTransport, signerOf, startSync, webLocks } from '@fieldpledge/sync-client/browser';
import { linksOf, firstLinkOf } from '@engine/chain';
import type { Sent } from '@engine/chain';
import { sha256Bytes } from '@engine/sha256';
import { HandBell, HandLocks, HandSurroundings, phone, server } from './engine-kit';
import { freshUser, open } from './kit';

interface Heard { url: string; headers: IncomingMessage['headers']; body: Buffer }

async function listening(answer: (heard: Heard) => { status: number; body: string }): Promise<{ url: string; heard: Heard[]; close: () => void }> {
  const heard: Heard[] = [];
  const http = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const one = { url: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) };
      heard.push(one);
      const { status, body } = answer(one);
      response.writeHead(status, { 'content-type': 'application/json', 'sync-epoch': 'e1' }).end(body);
    });
  });
  await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve); });
  const { port } = http.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, heard, close: () => { http.closeAllConnections(); http.close(); } };
}

describe('fetchTransport', () => {
  it('sends our headers, gzips large JSON, and gives back status, headers and text', async () => {
    const there = await listening(() => ({ status: 413, body: '{"a":1}' }));
    const transport = fetchTransport(there.url, { 'x-app': '1' });
    const body = JSON.stringify({ text: 'x'.repeat(5000) });
    const answer = await transport.send({ method: 'POST', path: '/p?q=1', body, headers: { 'content-type': 'application/json' }, timeout_ms: 1000 });
    expect(answer).toMatchObject({ status: 413, text: '{"a":1}', headers: { 'sync-epoch': 'e1' } });
    expect(there.heard[0]).toMatchObject({ url: '/p?q=1', headers: { 'x-app': '1', 'content-encoding': 'gzip' } });
    expect(gunzipSync(there.heard[0]!.body).toString()).toBe(body);
    await transport.send({ method: 'PATCH', path: '/f', body: new Uint8Array(5000), timeout_ms: 1000 });
    expect(there.heard[1]).toMatchObject({ body: Buffer.alloc(5000) });
    expect(there.heard[1]!.headers['content-encoding']).toBeUndefined();
    there.close();
    await expect(transport.send({ method: 'GET', path: '/', timeout_ms: 500 })).rejects.toThrow();
  });
});

describe('locks and bells', () => {
  it('one leads at a time, and giving up the wait is no error for the others', async () => {
    const order: string[] = [];
    let release = (): void => undefined;
    const first = webLocks.lead('phone', new AbortController().signal, async () => {
      order.push('first');
      await new Promise<void>((resolve) => { release = resolve; });
    });
    const tired = new AbortController();
    const second = webLocks.lead('phone', tired.signal, async () => { order.push('second'); }).catch(() => { order.push('gave up'); });
    const third = webLocks.lead('phone', new AbortController().signal, async () => { order.push('third'); });
    await new Promise((resolve) => setTimeout(resolve, 20));
    tired.abort();
    await second;
    release();
    await Promise.all([first, third]);
    expect(order).toEqual(['first', 'gave up', 'third']);
  });

  it('a word reaches the other tabs and not the own', async () => {
    const [one, two] = [broadcastBell('phone'), broadcastBell('phone')];
    const heard: string[] = [];
    one.listen((word) => { heard.push(`one ${word}`); });
    const came = new Promise<void>((resolve) => { two.listen((word) => { heard.push(`two ${word}`); resolve(); }); });
    one.ring('saved');
    await came;
    expect(heard).toEqual(['two saved']);
    one.close();
    two.close();
  });
});

describe('a page without WebCrypto (plain HTTP in the house)', () => {
  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_000])('hashes %i bytes alike', async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7 + 13) % 256);
    expect(sha256Bytes(bytes)).toEqual(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
  });

  it('sends operations and files unsigned', async () => {
    const model = server();
    const ana = await phone(model);
    const { subtle } = crypto;
    Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true });
    try {
      await expect(signerOf(ana.local.context.store)).rejects.toThrow();
      const photo = await ana.local.files.put(new ArrayBuffer(5000), 'image/png');
      await ana.local.perform({ type: 'picture.add', record: { kind: 'picture', id: ana.local.newId() }, args: { note_id: null }, files: [photo] });
      await ana.engine.round();
      expect(await ana.local.counts()).toMatchObject({ unsent: 0 });
    } finally {
      Object.defineProperty(crypto, 'subtle', { value: subtle, configurable: true });
    }
    expect(model.ledger.size).toBe(1);
  });
});

describe('the signing key', () => {
  it('is made once, when there is something to sign, cannot be taken out, and signs the chain over every request (M-63, M-64)', async () => {
    const model = server();
    const ana = await phone(model);
    const signer = await signerOf(ana.local.context.store);
    expect((await signerOf(ana.local.context.store)).key_id).toBe(signer.key_id);
    let asked = 0;
    const engine = createEngine({
      local: ana.local, transport: ana.net, locks: new HandLocks(), bell: new HandBell().tab(), surroundings: new HandSurroundings(),
      app: 'tests', signer: () => { asked += 1; return signerOf(ana.local.context.store); },
    });
    await engine.round();
    expect(asked).toBe(0);
    for (const count of [3, 2]) {
      for (let i = 0; i < count; i++) {
        await ana.local.perform({ type: 'note.add', record: { kind: 'note', id: ana.local.newId() }, args: { title: `n${i}` } });
      }
      await engine.round();
    }
    const pushes = model.requests.filter(({ path }) => path.endsWith('/push'))
      .map(({ body }) => JSON.parse(body) as { prev_hash: string; key_id: string; signature: string; ops: Sent[] });
    const key = await crypto.subtle.importKey('jwk', signer.public_key, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
    let link = await firstLinkOf(ana.local.context.device_id);
    expect(pushes.map(({ ops }) => ops.length)).toEqual([3, 2]);
    for (const { prev_hash, key_id, signature, ops } of pushes) {
      expect(prev_hash).toBe(link);
      expect(key_id).toBe(signer.key_id);
      link = (await linksOf(link, ops)).at(-1)!;
      const bytes = Uint8Array.from(atob(signature.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
      const is_genuine = (text: string): Promise<boolean> => crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes, new TextEncoder().encode(text));
      expect(await is_genuine(link)).toBe(true);
      expect(await is_genuine(prev_hash)).toBe(false);
    }
  });

  it('is registered before the first push; when that fails the push goes all the same, and it is tried again', async () => {
    const local = await open(freshUser());
    let acked = 0;
    const there = await listening(({ url, headers, body }) => {
      const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body).toString() : body.toString();
      if (!url.endsWith('/push')) return { status: 503, body: 'later' };
      const { ops } = JSON.parse(text) as { ops: { seq: number; op_id: string }[] };
      acked = ops.at(-1)?.seq ?? acked;
      return { status: 200, body: JSON.stringify({ epoch: 'e', acked_seq: acked, feed_head: 1, server_time: new Date().toISOString(),
        results: ops.map(({ seq, op_id }) => ({ seq, op_id, status: 'applied', rev: 1 })) }) };
    });
    const log: string[] = [];
    Object.assign(globalThis, { document: new EventTarget(), window: new EventTarget() });
    const engine = startSync({
      local, server: there.url, app: 'tests', registers: async (key_id) => { log.push(key_id); if (log.length === 1) throw new Error('offline'); },
    });
    for (const made of [1, 2, 3]) {
      await local.perform({ type: 'note.add', record: { kind: 'note', id: local.newId() }, args: { title: 'a' } });
      engine.nudge();
      for (let i = 0; i < 1000 && (await local.counts()).operations > 0; i++) await new Promise((resolve) => setTimeout(resolve, 3));
      expect(acked).toBe(made);
    }
    expect(log).toHaveLength(2);
    await engine.stop();
    there.close();
  });
});
