// The rescue file: everything that only this device has, as one ZIP that any computer opens.
// `rescue.json` names drafts, operations, stuck operations and files; the bytes lie beside it as files/<sha256>.
import type { Context } from './context';
import { metaOf } from './context';
import { instant, recordOf } from './ids';
import type { Transaction } from './ports';
import type { Fields, Json, StoredFile } from './words';
import { zipOf } from './zip';

/** Version of the layout of rescue.json. */
export const RESCUE_VERSION = 1;

/** Builds the file. Operations are those of the outbox, acked ones of the last 30 days included and marked. */
export async function rescueOf(context: Context): Promise<Blob> {
  const { content, here } = await context.store.read(
    ['meta', 'drafts', 'outbox', 'stuck', 'files'], (tx) => contentOf(tx, context));
  const parts: { name: string; bytes: Uint8Array<ArrayBuffer> }[] = [
    { name: 'rescue.json', bytes: new TextEncoder().encode(JSON.stringify(content, null, 1)) },
  ];
  for (const { sha256 } of here) {
    const stored = await context.store.read(['bytes'], (tx) => tx.get('bytes', sha256));
    if (stored) parts.push({ name: `files/${sha256}`, bytes: new Uint8Array(stored.bytes) });
  }
  return new Blob(zipOf(parts, new Date(context.clock.now())), { type: 'application/zip' });
}

async function contentOf(tx: Transaction, context: Context): Promise<{ content: Fields; here: StoredFile[] }> {
  const files = await tx.all('files');
  const content: Fields = {
    format: 'sync-rescue',
    version: RESCUE_VERSION,
    store: context.store.name,
    device_id: context.device_id,
    schema: context.definitions.schema,
    epoch: await metaOf(tx, 'epoch', null),
    acked_seq: await metaOf(tx, 'acked_seq', 0),
    made_at: instant(context.clock.now()),
    anchors: await metaOf(tx, 'anchors', {}),
    drafts: await draftsIn(tx, context),
    operations: await operationsIn(tx, context),
    stuck: (await tx.all('stuck')).map((each) => ({
      ...(context.seal.open(each.sealed) as Fields), status: each.status, seq: each.seq,
    })),
    files: files.map(({ sha256, size_bytes, content_type, taken_at, state, is_here }) => ({
      sha256, size_bytes, content_type, taken_at, state, is_here: is_here === 1,
    })),
  };
  return { content, here: files.filter((file) => file.is_here && file.state !== 'stored') };
}

async function draftsIn(tx: Transaction, context: Context): Promise<Json> {
  const drafts = (await tx.all('drafts')).filter((draft) => !draft.is_clean);
  return drafts.map((draft) => {
    const { value, base } = context.seal.open(draft.sealed) as Fields;
    const record = recordOf(draft.record);
    return { record: { ...record }, field: draft.field, value: value ?? null, base: base ?? null,
      touched_at: instant(draft.touched_at) };
  });
}

async function operationsIn(tx: Transaction, context: Context): Promise<Json> {
  return (await tx.all('outbox')).map((stored) => ({
    ...(context.device_seal.open(stored.sealed) as Fields), seq: stored.seq,
    is_acked: stored.state === 'acked', status: stored.status,
  }));
}
