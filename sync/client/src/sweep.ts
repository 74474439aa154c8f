// What may be forgotten: operations that the server acknowledged 30 days ago (M-23). The chain keeps its last link.
import { keep, serverNow } from './context';
import type { Context } from './context';

export const KEEP_ACKED_MS = 30 * 24 * 3600_000;

/** Forgets old acked operations. Ages are the server's time as far as it is known. */
export async function sweep(context: Context): Promise<void> {
  await context.store.write(['outbox', 'meta'], async (tx) => {
    const now = await serverNow(tx, context);
    const oldest = (await tx.walk('outbox', { index: null, limit: 200 }));
    const over = [];
    for (const stored of oldest) {
      // From the beginning of the sequence only, so that no hole appears in what may be offered again.
      if (stored.state !== 'acked' || stored.acked_at === null || now - stored.acked_at < KEEP_ACKED_MS) break;
      over.push(stored);
    }
    const last = over.at(-1);
    if (!last) return;
    if (last.link) await keep(tx, 'chain', { seq: last.seq, link: last.link });
    await tx.drop('outbox', ...over.map(({ seq }) => seq));
  });
}
