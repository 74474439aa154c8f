// The device's half alone: drafts, operations, overlay, files, what is counted. SYNC.md, K-1, PROTOCOL M-08…M-12.
import { describe, expect, it } from 'vitest';
import { NotSyncable, SealedShut, Unsendable, WouldLose } from '@fieldpledge/sync-client';
import type { Json, Operation, Sealed, StoredOperation } from '@fieldpledge/sync-client';
import type { Local } from '@fieldpledge/sync-client';
import { openStore } from '@fieldpledge/sync-client/dexie';
import { definitions, firsts, freshUser, HandClock, HandTimers, open } from './kit';

const NOTE = { kind: 'note', id: '0198aaaa-0000-7000-8000-000000000001' };

async function outboxOf(local: Local): Promise<(StoredOperation & { operation: Operation })[]> {
  const stored = await local.context.store.read(['outbox'], (tx) => tx.all('outbox'));
  return stored.map((each) => ({
    ...each, operation: local.context.device_seal.open(each.sealed) as unknown as Operation,
  }));
}

async function withNote(): Promise<{ local: Local; clock: HandClock; user: string }> {
  const clock = new HandClock();
  const user = freshUser();
  const local = await open(user, clock);
  await local.perform({ type: 'note.add', record: NOTE, args: { folder_id: 'f1', title: 'a', tags: ['x', 'y'] } });
  return { local, clock, user };
}

describe('operations', () => {
  it('are numbered without a gap and shown at once', async () => {
    const { local } = await withNote();
    const second = await local.perform({ type: 'note.close', record: NOTE });
    expect(second.seq).toBe(2);
    const view = await local.record('note', NOTE.id);
    expect(view?.fields).toEqual({ folder_id: 'f1', title: 'a', tags: ['x', 'y'], state: 'closed' });
    expect(view?.rev).toBe(0);
    expect(view?.marks.unsent).toContain('title');
  });

  it('survive a restart with the same seq and device', async () => {
    const { local, clock, user } = await withNote();
    await local.close();
    const again = await open(user, clock, 'another-device');
    expect(again.context.device_id).toBe(local.context.device_id);
    expect((await again.record('note', NOTE.id))?.fields['title']).toBe('a');
    expect((await again.perform({ type: 'note.close', record: NOTE })).seq).toBe(2);
  });

  it('from ten tabs give one contiguous sequence', async () => {
    const user = freshUser();
    const first = await open(user);
    const tabs = [first, ...await Promise.all(Array.from({ length: 9 }, () => open(user)))];
    const made = await Promise.all(Array.from({ length: 100 }, (_, i) => tabs[i % 10]!.perform({
      type: 'note.add', record: { kind: 'note', id: first.newId() }, args: { title: String(i) } })));
    expect(made.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(new Set(tabs.map((tab) => tab.context.device_id)).size).toBe(1);
  });

  it.each([
    ['a float', 1.5], ['a too large integer', 2 ** 53], ['minus zero', -0], ['NaN', NaN],
    ['half a character', '\ud800'], ['a NUL', 'a\0b'], ['a forbidden name', JSON.parse('{"__proto__":1}') as Json],
    ['too long a text', 'x'.repeat(20_001)],
  ])('with %s are refused, the field is named, nothing is stored', async (_, value) => {
    const local = await open(freshUser());
    const trying = local.perform({ type: 'note.add', record: NOTE, args: { title: value } });
    await expect(trying).rejects.toThrow(NotSyncable);
    await expect(trying).rejects.toThrow(/args.title/);
    expect(await local.counts()).toMatchObject({ unsent: 0 });
  });

  it('hold 20,000 characters beyond the basic plane and refuse one that is too large as a whole', async () => {
    const local = await open(freshUser());
    await local.perform({ type: 'note.add', record: NOTE, args: { title: '𠮷'.repeat(15_000) } });
    const large = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`f${i}`, 'x'.repeat(15_000)]));
    const other = { kind: 'note', id: local.newId() };
    await expect(local.perform({ type: 'note.add', record: other, args: large })).rejects.toThrow(Unsendable);
    expect((await local.perform({ type: 'note.close', record: NOTE })).seq).toBe(2);
  });

  it('stored together are stored all or none', async () => {
    const local = await open(freshUser());
    await expect(local.performAll([
      { type: 'note.add', record: NOTE, args: { title: 'a' } },
      { type: 'picture.add', record: { kind: 'picture', id: local.newId() }, files: ['0'.repeat(64)] },
    ])).rejects.toThrow(/put it before/);
    expect(await outboxOf(local)).toHaveLength(0);
    expect(await local.record('note', NOTE.id)).toBeUndefined();
  });

  it('change other records on the screen through their definition', async () => {
    const { local } = await withNote();
    await local.perform({ type: 'picture.add', record: { kind: 'picture', id: local.newId() },
      args: { note_id: NOTE.id } });
    expect((await local.record('note', NOTE.id))?.fields['pictures']).toBe(1);
    expect(await local.list('picture', 'note_id', NOTE.id)).toHaveLength(1);
  });

  it('are listed by index keys, each element of an array for itself, as the overlay leaves them', async () => {
    const { local } = await withNote();
    expect(await local.list('note', 'tags', 'y')).toHaveLength(1);
    await local.perform({ type: 'note.edit', record: NOTE, args: { tags: ['z'] }, base: { tags: ['x', 'y'] } });
    expect(await local.list('note', 'tags', 'y')).toHaveLength(0);
    expect(await local.list('note', 'tags', 'z')).toHaveLength(1);
    expect(await local.all('note')).toHaveLength(1);
    await expect(local.list('note', 'title', 'a')).rejects.toThrow(/declares no index title/);
  });
});

describe('drafts', () => {
  it('are there after a restart, with the value seen at focus', async () => {
    const { local, clock, user } = await withNote();
    await local.drafts.set(NOTE, 'title', 'ab', 'a');
    await local.drafts.set(NOTE, 'title', 'abc', 'a');
    await local.close();
    const again = await open(user, clock);
    expect(await again.drafts.get(NOTE, 'title')).toMatchObject({ value: 'abc', base: 'a' });
    expect(await again.counts()).toMatchObject({ unsent: 2, drafts: 1, operations: 1 });
  });

  it('become one operation with base and args of the same members', async () => {
    const { local } = await withNote();
    await Promise.all([local.drafts.set(NOTE, 'title', 'b', 'a'), local.drafts.set(NOTE, 'body', 'text', null),
      local.drafts.set(NOTE, 'folder_id', 'f1', 'f1')]);
    await local.drafts.commit(NOTE);
    const made = (await outboxOf(local)).at(-1)!.operation;
    expect(made).toMatchObject({ type: 'note.edit', args: { title: 'b', body: 'text' }, base: { title: 'a', body: null } });
    expect(await local.drafts.of(NOTE)).toEqual([]);
  });

  it('that differ in nothing make no operation', async () => {
    const { local } = await withNote();
    await local.drafts.set(NOTE, 'title', 'a', 'a');
    expect(await local.drafts.commit(NOTE)).toBeUndefined();
    expect(await outboxOf(local)).toHaveLength(1);
  });

  it('whose screen shows null as an empty text name null as what was seen', async () => {
    const { local } = await withNote();
    await local.perform({ type: 'note.edit', record: NOTE, args: { body: null, title: '' } });
    await local.drafts.set(NOTE, 'body', 'x', '');
    await local.drafts.set(NOTE, 'title', 'y', '');
    await local.drafts.commit(NOTE);
    expect((await outboxOf(local)).at(-1)!.operation).toMatchObject({ args: { body: 'x', title: 'y' }, base: { title: 'a' } });
    await local.perform({ type: 'note.close', record: NOTE });
    await local.perform({ type: 'note.edit', record: NOTE, args: { body: null } });
    await local.perform({ type: 'note.close', record: NOTE });
    await local.drafts.set(NOTE, 'body', '', '');
    expect(await local.drafts.commit(NOTE)).toBeUndefined();
    await local.drafts.set(NOTE, 'body', 'z', '');
    await local.drafts.commit(NOTE);
    expect((await outboxOf(local)).at(-1)!.operation).toMatchObject({ args: { body: 'z' }, base: { body: null } });
  });

  it('that rest for 60 s become an operation, and typing on goes from there', async () => {
    const { local, clock } = await withNote();
    await local.drafts.set(NOTE, 'title', 'b', 'a');
    clock.pass(59_999);
    await local.drafts.commitRested();
    expect(await outboxOf(local)).toHaveLength(1);
    clock.pass(1);
    await local.drafts.commitRested();
    const made = (await outboxOf(local))[1]!;
    expect(made.operation).toMatchObject({ args: { title: 'b' }, base: { title: 'a' } });
    await local.context.store.write(['outbox'], (tx) => tx.put('outbox', { ...made, state: 'tried' }));
    // The screen still names the base of its focus; the operation must name what the first one left.
    await local.drafts.set(NOTE, 'title', 'bc', 'a');
    await local.drafts.commit(NOTE);
    expect((await outboxOf(local))[2]!.operation).toMatchObject({ args: { title: 'bc' }, base: { title: 'b' } });
  });

  it('name what the first operation left also when that one is at the server and gone from here', async () => {
    const { local, clock } = await withNote();
    await local.drafts.set(NOTE, 'title', 'b', 'a');
    clock.pass(60_000);
    await local.drafts.commitRested();
    const { seq } = (await outboxOf(local))[1]!;
    await local.context.store.write(['outbox', 'overlay'], async (tx) => { await tx.drop('outbox', seq); await tx.drop('overlay', seq); });
    await local.drafts.set(NOTE, 'title', 'bc', 'a');
    await local.drafts.commit(NOTE);
    expect((await outboxOf(local)).at(-1)!.operation).toMatchObject({ args: { title: 'bc' }, base: { title: 'b' } });
  });

  it('rest by a timer of their own, engine or none', async () => {
    const clock = new HandClock();
    const timers = new HandTimers();
    const local = await openStore({ server: 'test', userId: freshUser(), definitions, clock, timers });
    await local.perform({ type: 'note.add', record: NOTE, args: { title: 'a' } });
    await local.drafts.set(NOTE, 'title', 'b', 'a');
    await local.drafts.set(NOTE, 'title', 'bc', 'a');
    expect([...timers.waiting.values()]).toEqual([60_000]);
    clock.pass(60_000);
    timers.run();
    await expect.poll(() => outboxOf(local)).toHaveLength(2);
  });

  it('of a kind without an edit wait for an explicit operation, which carries them away', async () => {
    const { local, clock } = await withNote();
    const picture = { kind: 'picture', id: local.newId() };
    await local.drafts.set(picture, 'caption', 'east wall', '');
    clock.pass(100_000);
    await local.drafts.commitRested();
    expect(await local.drafts.get(picture, 'caption')).toMatchObject({ value: 'east wall' });
    await local.perform({ type: 'picture.add', record: picture, args: { note_id: NOTE.id }, clears: [picture] });
    expect(await local.drafts.of(picture)).toEqual([]);
  });

  it('that were thrown away make nothing', async () => {
    const { local } = await withNote();
    await local.drafts.set(NOTE, 'title', 'b', 'a');
    await local.drafts.discard(NOTE, 'title');
    expect(await local.drafts.commit(NOTE)).toBeUndefined();
  });
});

describe('an operation not yet tried', () => {
  it('absorbs a later edit of the same field and keeps its base', async () => {
    const { local } = await withNote();
    const first = await local.perform({ type: 'note.edit', record: NOTE, args: { title: 'b' }, base: { title: 'a' } });
    const second = await local.perform({ type: 'note.edit', record: NOTE, args: { title: 'c' }, base: { title: 'b' } });
    expect(second).toEqual(first);
    expect((await outboxOf(local))[1]!.operation).toMatchObject({ args: { title: 'c' }, base: { title: 'a' } });
    expect((await local.record('note', NOTE.id))?.fields['title']).toBe('c');
  });

  it('absorbs nothing once tried, nor across something that is no edit, nor another field', async () => {
    const { local } = await withNote();
    const edit = (args: { [field: string]: string }): Promise<unknown> =>
      local.perform({ type: 'note.edit', record: NOTE, args });
    await edit({ title: 'b' });
    const made = (await outboxOf(local))[1]!;
    await local.context.store.write(['outbox'], (tx) => tx.put('outbox', { ...made, state: 'tried' }));
    await edit({ title: 'c' });
    await edit({ body: 'text' });
    await local.perform({ type: 'note.close', record: NOTE });
    await edit({ title: 'd' });
    const all = await outboxOf(local);
    expect(all.map(({ operation }) => [operation.args, operation.base])).toEqual([
      [expect.anything(), undefined], [{ title: 'b' }, { title: 'a' }], [{ title: 'c' }, { title: 'b' }],
      [{ body: 'text' }, { body: null }], [{}, undefined], [{ title: 'd' }, { title: 'c' }],
    ]);
  });

  it('never collide with an earlier one of their own: a base seen before it is moved past it', async () => {
    const { local } = await withNote();
    await local.perform({ type: 'note.edit', record: NOTE, args: { title: 'b' }, base: { title: 'a' } });
    await local.perform({ type: 'note.close', record: NOTE });
    await local.perform({ type: 'note.edit', record: NOTE, args: { title: 'c' }, base: { title: 'a' } });
    await local.perform({ type: 'note.close', record: NOTE });
    await local.perform({ type: 'note.edit', record: NOTE, args: { title: 'd' }, base: { title: 'x' } });
    const edits = (await outboxOf(local)).filter(({ type }) => type === 'note.edit');
    expect(edits.map(({ operation }) => operation.base)).toEqual([{ title: 'a' }, { title: 'b' }, { title: 'x' }]);
  });
});

describe('files', () => {
  it('are stored under their hash, once, and counted until the server has them', async () => {
    const { local } = await withNote();
    const bytes = new TextEncoder().encode('strokes').buffer;
    const name = await local.files.put(bytes, 'image/png', { order: 1 });
    expect(await local.files.put(bytes.slice(0), 'image/png')).toBe(name);
    await local.perform({ type: 'picture.add', record: { kind: 'picture', id: local.newId() },
      args: { note_id: NOTE.id }, files: [name] });
    expect((await outboxOf(local))[1]!.operation.files).toEqual([`sha256:${name}`]);
    expect(await local.files.get(name)).toMatchObject({ size_bytes: 7, order: 1, references: 1, state: 'waiting' });
    expect(await local.counts()).toMatchObject({ files: 1, operations: 2 });
    expect(await local.files.makeRoom(100)).toBe(0);
    expect(new TextDecoder().decode(await local.files.bytes(name))).toBe('strokes');
  });
});

describe('live reads', () => {
  it('tell a change made in another tab', async () => {
    const { local, clock, user } = await withNote();
    const other = await open(user, clock);
    const live = firsts(local.live(() => local.list('note', 'folder_id', 'f1')));
    expect(await live.next((views) => views.length === 1)).toHaveLength(1);
    await other.perform({ type: 'note.add', record: { kind: 'note', id: other.newId() }, args: { folder_id: 'f1' } });
    expect(await live.next((views) => views.length === 2)).toHaveLength(2);
    live.stop();
  });
});

describe('signing out', () => {
  it('keeps everything for that user and says how much', async () => {
    const { local, clock, user } = await withNote();
    expect(await local.seal()).toMatchObject({ unsent: 1 });
    await local.close();
    expect(await (await open(user, clock)).counts()).toMatchObject({ unsent: 1 });
  });

  it('never wipes unsent work unaware', async () => {
    const { local } = await withNote();
    await expect(local.wipe(0)).rejects.toThrow(WouldLose);
    expect(await local.counts()).toMatchObject({ unsent: 1 });
    await local.wipe(1);
  });

  it('leaves nothing readable when a key seals the payloads, and the outbox can still be read to be sent', async () => {
    const lock = { is_open: true };
    const seal = {
      seal: (value: Json): Sealed => ({ key: 'k1', box: btoa(encodeURIComponent(JSON.stringify(value))) }),
      open: (sealed: Sealed): Json => {
        if (!lock.is_open) throw new SealedShut(sealed.key);
        return JSON.parse(decodeURIComponent(atob(String(sealed.box)))) as Json;
      },
    };
    const local = await openStore({ server: 'test', userId: freshUser(), definitions, seal });
    await local.perform({ type: 'note.add', record: NOTE, args: { title: 'secret words' } });
    await local.drafts.set(NOTE, 'title', 'more secret words', 'secret words');
    const tables = await local.context.store.read(['overlay', 'drafts'], async (tx) =>
      [await tx.all('overlay'), await tx.all('drafts')]);
    expect(JSON.stringify(tables)).not.toContain('secret');
    lock.is_open = false;
    await expect(local.record('note', NOTE.id)).rejects.toThrow(SealedShut);
    expect((await outboxOf(local))[0]!.operation.args).toEqual({ title: 'secret words' });
  });
});

describe('the rescue file', () => {
  it('holds drafts, operations and files as a readable ZIP', async () => {
    const { local } = await withNote();
    const name = await local.files.put(new TextEncoder().encode('photo').buffer, 'image/jpeg');
    await local.drafts.set(NOTE, 'title', 'typed', 'a');
    const bytes = new Uint8Array(await (await local.rescue()).arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    expect(text).toContain(`files/${name}`);
    const content = JSON.parse(text.slice(text.indexOf('{\n "format"'), text.lastIndexOf('\n}') + 2)) as {
      drafts: unknown[]; operations: unknown[]; files: unknown[]; device_id: string;
    };
    expect(content).toMatchObject({
      format: 'sync-rescue', version: 1, device_id: local.context.device_id,
      drafts: [{ record: NOTE, field: 'title', value: 'typed', base: 'a' }],
      operations: [{ seq: 1, type: 'note.add', is_acked: false }],
      files: [{ sha256: name, is_here: true }],
    });
  });
});
