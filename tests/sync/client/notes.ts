// Notes, as the engine's tests make and read them.
import { pullAll } from '@engine/pull';
import type { Fields, Operation, RecordRef, View } from '@fieldpledge/sync-client';
import { phone, server, settle } from './engine-kit';
import type { Phone } from './engine-kit';
import type { ModelServer } from './model-server';

export async function addNote(ana: Phone, args: Fields = {}): Promise<RecordRef> {
  const record = { kind: 'note', id: ana.local.newId() };
  await ana.local.perform({ type: 'note.add', record, args: { title: 'a', count: 0, ...args } });
  return record;
}

export function edit(ana: Phone, record: RecordRef, args: Fields): Promise<unknown> {
  return ana.local.perform({ type: 'note.edit', record, args });
}

export async function note(ana: Phone, { id }: RecordRef): Promise<View | undefined> {
  return ana.local.record('note', id);
}

export function pushes(model: ModelServer): { ops: Operation[] }[] {
  return model.requests.filter(({ path }) => path.endsWith('/push')).map(({ body }) => JSON.parse(body) as { ops: Operation[] });
}

export async function synced(args: Fields = {}): Promise<{ model: ModelServer; ana: Phone; ben: Phone; record: RecordRef }> {
  const model = server();
  const [ana, ben] = [await phone(model, { user: 'pia' }), await phone(model, { user: 'ben' })];
  const record = await addNote(ana, args);
  await settle([ana, ben], 3);
  return { model, ana, ben, record };
}

/** A failed push stops a round; this is the pull by itself. */
export async function pullAlone({ local, net, clock, timers }: Phone): Promise<void> {
  await pullAll({ context: local.context, wire: { transport: net, clock, timers }, app: '', signer: () => Promise.resolve(null) });
}
