// The road of a typed word (K-1): a draft at each key, one operation on leaving the field, the screen, or 60 s later.
// Writing is coalesced: while one transaction runs, later keys of the same field replace each other.
import { assertSyncable, same } from './canonical';
import type { Context } from './context';
import { kindOf } from './definitions';
import { keyOf, recordOf } from './ids';
import { changesOf, shownOf, storeOperation, WRITE_TABLES } from './outbox';
import type { Performed } from './outbox';
import type { Transaction } from './ports';
import type { Fields, Json, RecordRef, StoredDraft } from './words';

/** A draft untouched for so long becomes an operation by itself. */
export const DRAFT_REST_MS = 60_000;

/** A clean draft (kept only for its base) is forgotten after this. */
const CLEAN_REST_MS = 24 * 3600_000;

export interface Draft {
  field: string;
  value: Json;
  base: Json;
  touched_at: number;
}

interface Typed {
  value: Json;
  base: Json;
  /** the base that the screen named at focus; `base` moves on when a resting draft was made into an operation */
  origin: Json;
}

export interface Drafts {
  /** Keeps what is being typed. Resolves when it is on the disk. `base` is the value seen at focus. */
  set(record: RecordRef, field: string, value: Json, base: Json): Promise<void>;
  /** The draft of one field, if there is one. */
  get(record: RecordRef, field: string): Promise<Draft | undefined>;
  /** All drafts of a record. */
  of(record: RecordRef): Promise<Draft[]>;
  /** Throws a draft away (the person said so). */
  discard(record: RecordRef, field: string): Promise<void>;
  /** Makes a record's drafts into one operation; undefined when nothing differs from what was seen. */
  commit(record: RecordRef): Promise<Performed | undefined>;
  /** Makes every draft that rested for 60 s into an operation. Run by a timer after the last key, and by the engine. */
  commitRested(): Promise<void>;
  /** Resolves when everything typed so far is on the disk. */
  flush(): Promise<void>;
  /** Everything typed is on the disk, and no timer runs any more. */
  end(): Promise<void>;
}

/** The drafts of one store. */
export function draftsOf(context: Context): Drafts {
  const typing = writerOf(context);
  const of = async (record: RecordRef): Promise<Draft[]> => {
    await typing.flush();
    const stored = await context.store.read(['drafts'], (tx) => tx.by('drafts', 'record', keyOf(record)));
    return stored.filter((draft) => !draft.is_clean).map((draft) => opened(context, draft));
  };
  const rest = async (): Promise<void> => {
    await typing.flush();
    await commitRested(context);
  };
  let cancel = (): void => undefined;
  return {
    set(record, field, value, base) {
      cancel();
      cancel = context.timers.after(DRAFT_REST_MS, () => { rest().catch(() => undefined); });
      return typing.set(record, field, value, base);
    },
    flush: typing.flush,
    end: () => { cancel(); return typing.flush(); },
    of,
    get: async (record, field) => (await of(record)).find((draft) => draft.field === field),
    async discard(record, field) {
      await typing.flush();
      await context.store.write(['drafts'], (tx) => tx.drop('drafts', `${keyOf(record)}/${field}`));
    },
    async commit(record) {
      await typing.flush();
      const performed = await context.store.write(WRITE_TABLES, (tx) => commitRecord(tx, context, record, true));
      if (performed) context.saved();
      return performed;
    },
    commitRested: rest,
  };
}

function opened(context: Context, stored: StoredDraft): Draft {
  const { value, base } = context.seal.open(stored.sealed) as unknown as Typed;
  return { field: stored.field, value, base, touched_at: stored.touched_at };
}

/** Coalescing writer: at most one transaction runs, the newest value of each field waits for the next. */
function writerOf(context: Context): { set: Drafts['set']; flush: () => Promise<void> } {
  let waiting = new Map<string, { record: RecordRef; field: string; value: Json; base: Json; touched_at: number }>();
  let running: Promise<void> | null = null;
  const round = async (): Promise<void> => {
    while (waiting.size > 0) {
      const batch = [...waiting.values()];
      waiting = new Map();
      await context.store.write(['drafts'], async (tx) => {
        for (const typed of batch) await putDraft(tx, context, typed);
      });
    }
  };
  const flush = (): Promise<void> => {
    if (!running) running = waiting.size === 0 ? null : round().finally(() => { running = null; });
    return running ?? Promise.resolve();
  };
  return {
    flush,
    set(record, field, value, base) {
      assertSyncable(value, field);
      assertSyncable(base, field);
      waiting.set(`${keyOf(record)}/${field}`, { record, field, value, base, touched_at: context.clock.now() });
      return flush();
    },
  };
}

async function putDraft(
  tx: Transaction, context: Context,
  typed: { record: RecordRef; field: string; value: Json; base: Json; touched_at: number },
): Promise<void> {
  const key = `${keyOf(typed.record)}/${typed.field}`;
  const before = await tx.get('drafts', key);
  const known = before && (context.seal.open(before.sealed) as unknown as Typed);
  // A draft keeps the base of its first key. A clean one lends its moved base only while the focus is still the same.
  const base = known && (!before.is_clean || same(known.origin, typed.base)) ? known.base : typed.base;
  const origin = known && !before.is_clean ? known.origin : typed.base;
  await tx.put('drafts', {
    key, record: keyOf(typed.record), field: typed.field, touched_at: typed.touched_at, is_clean: 0,
    sealed: context.seal.seal({ value: typed.value, base, origin }),
  });
}

/** One operation from a record's drafts. `leaving` forgets them; otherwise they stay as clean ones for their base. */
async function commitRecord(
  tx: Transaction, context: Context, record: RecordRef, leaving: boolean,
): Promise<Performed | undefined> {
  const stored = await tx.by('drafts', 'record', keyOf(record));
  const edit = kindOf(context.definitions.kinds, record.kind).edit;
  const dirty = stored.filter((draft) => !draft.is_clean);
  if (leaving && edit) await tx.drop('drafts', ...stored.map((draft) => draft.key));
  if (!edit || dirty.length === 0) return undefined;
  const values: Fields = {};
  const bases: Fields = {};
  const shown = await shownOf(tx, context, keyOf(record));
  for (const draft of dirty) {
    const typed = context.seal.open(draft.sealed) as unknown as Typed;
    // A text field on a screen shows null as an empty text; what was seen is what the record holds.
    const is_null = typed.base === '' && shown?.[draft.field] === null;
    bases[draft.field] = is_null ? null : typed.base;
    values[draft.field] = is_null && typed.value === '' ? null : typed.value;
    if (leaving) continue;
    const moved = { value: typed.value, base: typed.value, origin: typed.origin };
    await tx.put('drafts', { ...draft, is_clean: 1, sealed: context.seal.seal(moved as unknown as Json) });
  }
  const { args, base } = changesOf(values, bases);
  if (Object.keys(args).length === 0) return undefined;
  return storeOperation(tx, context, { type: edit, record, args, base });
}

async function commitRested(context: Context): Promise<void> {
  const now = context.clock.now();
  const all = await context.store.read(['drafts'], (tx) => tx.all('drafts'));
  const rested = all.filter((draft) => !draft.is_clean && Math.abs(now - draft.touched_at) >= DRAFT_REST_MS);
  const records = new Set(rested.map((draft) => draft.record));
  let made = false;
  for (const key of records) {
    // One transaction per record: a draft that cannot become an operation stays, and holds up nobody else.
    made = await context.store
      .write(WRITE_TABLES, (tx) => commitRecord(tx, context, recordOf(key), false))
      .then((performed) => performed !== undefined || made, () => made);
  }
  const old = all.filter((draft) => draft.is_clean && now - draft.touched_at > CLEAN_REST_MS);
  if (old.length > 0) await context.store.write(['drafts'], (tx) => tx.drop('drafts', ...old.map((d) => d.key)));
  if (made) context.saved();
}
