// An app that was updated on a phone full of unsent work: kinds, fields and operations came and went (K-11, invariant 17).
import { describe, expect, it } from 'vitest';
import type { Definitions } from '@fieldpledge/sync-client';
import { phone, server, settle } from './engine-kit';
import type { Phone } from './engine-kit';
import { definitions } from './kit';
import { json } from './model-server';
import { addNote, edit, pushes } from './notes';

const { 'note.close': close, 'note.tally': _tally, ...operations } = definitions.operations;
const { picture: _picture, ...kinds } = definitions.kinds;

/** Pictures are gone with their kind, so is counting; closing has a second version; notes are listed by title too. */
const NEXT: Definitions = {
  schema: 2,
  kinds: { ...kinds, note: { ...kinds['note'], index: ['folder_id', 'tags', 'title'] }, label: { index: ['note_id'] } },
  operations: { ...operations, 'note.close': { ...close!, v: 2 } },
};

async function fullPhone() {
  const model = server();
  const before = await phone(model, { user: 'pia' });
  const record = await addNote(before, { folder_id: 'f1', body: '甲。乙。' });
  await settle([before], 2);
  before.net.fate = () => Promise.reject(new Error('in the basement'));
  await edit(before, record, { title: 'mine' });
  await before.local.perform({ type: 'note.tally', record });
  await before.local.perform({ type: 'note.close', record });
  const photo = await before.local.files.put(new TextEncoder().encode('a photo').buffer, 'image/jpeg', { order: 2 });
  await before.local.perform({
    type: 'picture.add', record: { kind: 'picture', id: before.local.newId() }, args: { note_id: record.id }, files: [photo],
  });
  await before.local.drafts.set(record, 'body', '甲。乙。丙。', '甲。乙。');
  await before.engine.round();
  const updated = await phone(model, { user: 'pia', store: before.local.context.store, clock: before.clock, definitions: NEXT });
  return { model, before, updated, record };
}

/** How the pulls of the next rounds begin: from the beginning, or where the last one ended. */
async function pullsOf(ana: Phone): Promise<string[]> {
  const pulls: string[] = [];
  ana.net.fate = (request, on) => {
    if (request.path.includes('/pull')) pulls.push(request.path.includes('cursor=') ? 'on' : 'anew');
    return on();
  };
  await settle([ana], 2);
  return pulls;
}

describe('an update of the app', () => {
  it('shows what was unsent, also of operations and kinds that it no longer has', async () => {
    const { updated, before, record } = await fullPhone();
    expect(await updated.local.counts()).toEqual(await before.local.counts());
    expect(await updated.local.record('note', record.id)).toMatchObject({ fields: { title: 'mine', state: 'closed', body: '甲。乙。' } });
    expect(await updated.local.drafts.get(record, 'body')).toMatchObject({ value: '甲。乙。丙。' });
    expect(await updated.local.list('note', 'title', 'mine')).toHaveLength(1);
    expect(await updated.local.all('label')).toEqual([]);
    expect((await updated.local.rescue()).size).toBeGreaterThan(500);
  });

  it('sends every operation as it was made, with the version that it had then', async () => {
    const { model, updated, record } = await fullPhone();
    await updated.local.drafts.commit(record);
    await settle([updated], 4);
    const sent = pushes(model).flatMap(({ ops }) => ops).filter(({ type }) => type !== 'note.add');
    expect(sent.map(({ type, v }) => `${type} v${v}`)).toEqual(['note.edit v1', 'note.tally v1', 'note.close v1', 'picture.add v1', 'note.edit v1']);
    expect(await updated.local.counts()).toMatchObject({ unsent: 0 });
    expect(model.files.stored.size).toBe(1);
  });

  it('fetches anew beside the rows in use, and only once', async () => {
    const { model, updated, record } = await fullPhone();
    const first = await pullsOf(updated);
    expect(first.filter((each) => each === 'anew')).toHaveLength(1);
    expect(await updated.local.record('note', record.id)).toMatchObject({ fields: { title: 'mine' } });
    const again = await phone(model, { user: 'pia', store: updated.local.context.store, clock: updated.clock, definitions: NEXT });
    expect(new Set(await pullsOf(again))).toEqual(new Set(['on']));
  });

  it('that the server asks for: what is typed is kept and sent, and the line says so', async () => {
    const { model, before, record } = await fullPhone();
    before.net.fate = (request, on) =>
      (request.path.includes('/pull') ? Promise.resolve(json(426, { type: '/problems/update-needed' })) : on());
    await settle([before], 3);
    expect(before.engine.state().problem).toBe('update-needed');
    expect(model.records.get(`note/${record.id}`)?.fields['title']).toBe('mine');
    expect(await before.local.record('note', record.id)).toMatchObject({ fields: { title: 'mine' } });
    expect(await before.local.drafts.get(record, 'body')).toMatchObject({ value: '甲。乙。丙。' });
  });

  it('and back to the one before (a phone with an old copy) loses nothing either', async () => {
    const { model, updated, record } = await fullPhone();
    await updated.local.perform({ type: 'note.close', record });
    const back = await phone(model, { user: 'pia', store: updated.local.context.store, clock: updated.clock });
    expect(await back.local.counts()).toMatchObject({ operations: 5 });
    await settle([back], 4);
    expect(await back.local.counts()).toMatchObject({ operations: 0 });
    expect(pushes(model).flatMap(({ ops }) => ops).filter(({ type, v }) => type === 'note.close' && v === 2)).toHaveLength(1);
  });
});
