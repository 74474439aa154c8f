// Bytes in their own queue (M-55 … M-59): order, resuming, and a photo never delays a text. TESTS.md S13.
import { describe, expect, it } from 'vitest';
import type { HttpRequest, RecordRef } from '@fieldpledge/sync-client';
import { gone, phone, server, settle } from './engine-kit';
import type { Phone } from './engine-kit';
import { json } from './model-server';

const KIB = 1024;

function bytesOf(size: number, seed: number): ArrayBuffer {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) % 251).buffer;
}

async function addPicture(ana: Phone, size: number, order = 2): Promise<string> {
  const sha256 = await ana.local.files.put(bytesOf(size, order * 1000 + size), 'image/jpeg', { order });
  const record: RecordRef = { kind: 'picture', id: ana.local.newId() };
  await ana.local.perform({ type: 'picture.add', record, args: { note_id: null, caption: null }, files: [sha256] });
  return sha256;
}

function patches(ana: Phone): HttpRequest[] {
  return ana.net.sent.filter(({ method }) => method === 'PATCH');
}

describe('files', () => {
  it('go after the operations: what was signed, signatures, then photos; and are counted until a pull shows them stored', async () => {
    const model = server();
    const ana = await phone(model);
    const photo = await addPicture(ana, 300 * KIB);
    const signature = await addPicture(ana, 8 * KIB, 1);
    const signed = await addPicture(ana, 4 * KIB, 0);
    expect(await ana.local.counts()).toMatchObject({ files: 3, bytes: expect.any(Number) as number });
    await ana.engine.round();
    const order = ana.net.sent.map(({ method, path }) => (method === 'POST' ? path : method));
    expect(order.indexOf('/api/sync/v1/push')).toBe(0);
    expect([...new Set(patches(ana).map(({ path }) => path.split('/').at(-1)))]).toEqual([signed, signature, photo]);
    expect(patches(ana).every(({ body }) => (body as Uint8Array).length <= 1024 * KIB)).toBe(true);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, bytes: 0 });
    expect(await ana.local.files.get(photo)).toMatchObject({ state: 'stored', is_here: 1 });
  });

  it('leave the device only when stored, and only when room is needed', async () => {
    const model = server();
    const ana = await phone(model);
    const first = await addPicture(ana, 10 * KIB);
    ana.clock.pass(1000);
    const second = await addPicture(ana, 20 * KIB);
    expect(await ana.local.files.makeRoom(1)).toBe(0);
    await settle([ana], 2);
    expect(await ana.local.files.makeRoom(1)).toBe(10 * KIB);
    expect(await ana.local.files.bytes(first)).toBeUndefined();
    expect(await ana.local.files.bytes(second)).toBeDefined();
    expect(await ana.local.files.get(first)).toMatchObject({ is_here: 0, state: 'stored' });
  });

  it('are resumed from the offset that the server names, wherever the line broke', async () => {
    for (let broken = 1; broken <= 8; broken++) {
      const model = server();
      const ana = await phone(model);
      const photo = await addPicture(ana, 900 * KIB);
      let seen = 0;
      ana.net.fate = async (request, on) => {
        if (!request.path.includes('/files/')) return on();
        seen += 1;
        // Odd: lost on the way; even: received, the answer lost.
        if (seen === Math.ceil(broken / 2)) { if (broken % 2 === 0) await on(); return gone(); }
        return on();
      };
      await ana.engine.round();
      await settle([ana], 3);
      expect(model.files.stored.get(photo), `broken at ${broken}`).toBe(900 * KIB);
      expect(model.files.received).toBe(900 * KIB);
      expect(await ana.local.counts()).toMatchObject({ unsent: 0 });
    }
  });

  it('are resumed after the page was killed in the middle', async () => {
    const model = server();
    const ana = await phone(model);
    const photo = await addPicture(ana, 2000 * KIB);
    let chunks = 0;
    ana.net.fate = (request, on) => (request.method === 'PATCH' && ++chunks > 2 || request.method === 'HEAD' ? gone() : on());
    await ana.engine.round();
    const again = await phone(model, { user: ana.user, store: ana.local.context.store });
    await settle([again], 2);
    expect(model.files.stored.get(photo)).toBe(2000 * KIB);
    expect(model.files.received).toBe(2000 * KIB);
  });

  it('wait between two chunks for an operation that was made meanwhile', async () => {
    const model = server();
    const ana = await phone(model);
    await addPicture(ana, 3000 * KIB);
    let chunks = 0;
    ana.net.fate = async (request, on) => {
      if (request.method === 'PATCH' && ++chunks === 2) {
        await ana.local.perform({ type: 'note.add', record: { kind: 'note', id: ana.local.newId() }, args: { title: 'now' } });
      }
      return on();
    };
    expect(await ana.engine.round()).toEqual({ is: 'again' });
    expect(chunks).toBe(2);
    await settle([ana], 2);
    const pushed = ana.net.sent.findLastIndex(({ path }) => path.endsWith('/push'));
    const last = ana.net.sent.findLastIndex(({ method }) => method === 'PATCH');
    expect(pushed).toBeLessThan(last);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0 });
  });

  it('that nobody names are neither sent nor counted, but in the rescue file', async () => {
    const model = server();
    const ana = await phone(model);
    await ana.local.files.put(bytesOf(100, 1), 'image/png');
    await settle([ana], 2);
    expect(model.files.uploads.size).toBe(0);
    expect(await ana.local.counts()).toMatchObject({ unsent: 0 });
    expect((await ana.local.rescue()).size).toBeGreaterThan(400);
  });

  it('of the same bytes are one file with two references', async () => {
    const model = server();
    const ana = await phone(model);
    const one = await addPicture(ana, 500);
    expect(await addPicture(ana, 500)).toBe(one);
    await settle([ana], 2);
    expect(await ana.local.files.get(one)).toMatchObject({ references: 2, state: 'stored' });
    expect(model.files.received).toBe(500);
  });

  it('that the server will never take are set aside, need the person, and hold up no other file', async () => {
    const model = server();
    const ana = await phone(model);
    const odd = await addPicture(ana, 700, 0);
    const fine = await addPicture(ana, 800);
    model.instead = (request) => (request.method === 'PATCH' && request.path.endsWith(odd)
      ? json(422, { type: '/problems/file-type-wrong' }) : null);
    await settle([ana], 3);
    expect(await ana.local.files.get(fine)).toMatchObject({ state: 'stored' });
    expect(await ana.local.counts()).toMatchObject({ needs_you: 1, files: 1 });
    expect((await ana.local.needs())[0]?.file).toMatchObject({ sha256: odd, problem: { type: '/problems/file-type-wrong' } });
    expect(await ana.local.files.bytes(odd)).toBeDefined();
  });

  it('that a restored server no longer has are sent again', async () => {
    const model = server();
    const ana = await phone(model);
    const backup = model.backup();
    const photo = await addPicture(ana, 600);
    await settle([ana], 2);
    model.restore(backup);
    await settle([ana], 4);
    expect(model.files.stored.get(photo)).toBe(600);
    expect(await ana.local.files.get(photo)).toMatchObject({ state: 'stored' });
    expect(await ana.local.counts()).toMatchObject({ unsent: 0 });
  });

  it('of an operation that stands aside count as sent once the server has the last byte', async () => {
    const model = server();
    const ana = await phone(model);
    const sha256 = await ana.local.files.put(bytesOf(400, 4), 'image/jpeg');
    await ana.local.perform({ type: 'picture.add', record: { kind: 'picture', id: ana.local.newId() }, args: { colour: 'red' }, files: [sha256] });
    await settle([ana], 2);
    expect(model.files.stored.has(sha256)).toBe(true);
    expect(await ana.local.counts()).toMatchObject({ files: 0, needs_you: 1 });
    expect(await ana.local.files.get(sha256)).toMatchObject({ state: 'sent', is_here: 1 });
    expect(await ana.local.files.makeRoom(1)).toBe(0);
  });

  it('that were refused can be thrown away by the person, others cannot', async () => {
    const model = server();
    const ana = await phone(model);
    const sha256 = await addPicture(ana, 300);
    await ana.local.files.discard(sha256);
    expect(await ana.local.counts()).toMatchObject({ files: 1 });
    model.instead = (request) => (request.path.includes('/files/') ? json(413, { type: '/problems/file-too-large' }) : null);
    await settle([ana], 2);
    expect(await ana.local.counts()).toMatchObject({ files: 1, needs_you: 1 });
    await ana.local.files.discard(sha256);
    expect(await ana.local.counts()).toMatchObject({ files: 0, needs_you: 0 });
  });

  it('whose bytes changed on the way start again; whose bytes changed here are set aside', async () => {
    const model = server();
    const ana = await phone(model);
    const photo = await addPicture(ana, 900);
    let wrong = 1;
    model.instead = (request) => {
      if (request.method !== 'PATCH' || wrong-- <= 0) return null;
      return json(422, { type: '/problems/file-hash-wrong' });
    };
    await settle([ana], 3);
    expect(model.files.stored.get(photo)).toBe(900);
    const other = await addPicture(ana, 901);
    await ana.local.context.store.write(['bytes'], (tx) => tx.put('bytes', { sha256: other, bytes: bytesOf(901, 77) }));
    await settle([ana], 3);
    expect(await ana.local.files.get(other)).toMatchObject({ state: 'refused' });
  });

  it('whose bytes their owner wants gone leave the device, sent or not, and are waited for no longer (M-76)', async () => {
    const model = server();
    const ana = await phone(model);
    const sent = await addPicture(ana, 10 * KIB);
    await settle([ana], 2);
    ana.net.fate = (request, on) => (request.method === 'PATCH' ? gone() : on());
    const unsent = await addPicture(ana, 20 * KIB);
    await settle([ana], 2);
    for (const file of [sent, unsent]) model.write('file', file, { state: 'erased' }, 'server');
    await settle([ana], 2);
    for (const file of [sent, unsent]) {
      expect(await ana.local.files.bytes(file)).toBeUndefined();
      expect(await ana.local.files.get(file)).toMatchObject({ state: 'erased', is_here: 0 });
    }
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, files: 0, needs_you: 0 });
  });

  it('that are announced after they were erased are let go; taken anew they are sent as new', async () => {
    const model = server();
    const ana = await phone(model);
    ana.net.fate = (request, on) => (request.path.includes('/uploads') ? Promise.resolve(json(410, { type: '/problems/file-erased' })) : on());
    const file = await addPicture(ana, 10 * KIB);
    await settle([ana], 2);
    expect(await ana.local.files.get(file)).toMatchObject({ state: 'erased' });
    expect(await ana.local.counts()).toMatchObject({ unsent: 0, needs_you: 0 });
    ana.net.fate = null;
    expect(await addPicture(ana, 10 * KIB)).toBe(file);
    await settle([ana], 2);
    expect(await ana.local.files.get(file)).toMatchObject({ state: 'stored', is_here: 1 });
    expect(model.files.stored.has(file)).toBe(true);
  });
});
