// What must stay on the device although the server's scope no longer holds it: records with unsent work, and the records
// that these name as parents, so that the person can still read what her work is about.
import type { Context } from './context';
import { parentKeysOf } from './definitions';
import type { Transaction } from './ports';
import type { TableName } from './words';
import { entriesOf, replay } from './view';

export const HELD_TABLES: readonly TableName[] = ['rows', 'overlay', 'drafts', 'stuck', 'meta'];

/** kind/id of every record that unsent work hangs on. */
export async function heldKeys(tx: Transaction, context: Context): Promise<Set<string>> {
  const entries = entriesOf(context, await tx.all('overlay'));
  const drafts = (await tx.all('drafts')).filter((draft) => !draft.is_clean);
  const wanted = [
    ...entries.flatMap((entry) => entry.touches.filter((touch) => touch.includes('/'))),
    ...drafts.map((draft) => draft.record),
    ...(await tx.all('stuck')).map((stuck) => stuck.record),
  ];
  const held = new Set<string>();
  for (let key = wanted.pop(); key !== undefined; key = wanted.pop()) {
    if (held.has(key)) continue;
    held.add(key);
    const shown = replay(context, key, await tx.get('rows', key), entries);
    if (shown) wanted.push(...parentKeysOf(context.definitions.kinds, shown.kind, shown.fields));
  }
  return held;
}

/** Detached rows go as soon as nothing hangs on them any more. */
export async function dropUnheld(tx: Transaction, context: Context): Promise<void> {
  const detached = await tx.by('rows', 'detached', 1);
  if (detached.length === 0) return;
  const held = await heldKeys(tx, context);
  await tx.drop('rows', ...detached.filter((row) => !held.has(row.key)).map((row) => row.key));
}
