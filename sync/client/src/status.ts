// The one honest line: drafts, outbox and files that the server does not hold yet, and what needs the person.
import type { Context } from './context';
import { metaOf } from './context';
import { isUnsent } from './files';
import type { TableName } from './words';
import { needsOf } from './needs';

/** What is counted in the database. */
export interface Counts {
  /** drafts + operations + files that are not on the server */
  unsent: number;
  drafts: number;
  operations: number;
  files: number;
  /** when the oldest of them was stored, in milliseconds of the device's clock */
  oldest_at: number | null;
  bytes: number;
  /** refused or lost operations and open conflicts */
  needs_you: number;
  last_sent_at: number | null;
  /** when a pull last brought everything; null while the first one is not complete */
  last_pulled_at: number | null;
}

/** What the engine knows about itself. */
export interface EngineState {
  is_sending: boolean;
  is_offline: boolean;
  /** The server asks for a new sign-in. */
  is_signed_out: boolean;
  /** Why nothing goes, as a problem slug: device-revoked, update-needed, … */
  problem: string | null;
  /** Whether this tab is the one that sends. */
  is_leader: boolean;
}

export interface Status extends Counts, EngineState {
  /** Whether the browser promised not to drop the database; null while not asked. */
  is_persisted: boolean | null;
}

export const COUNT_TABLES: readonly TableName[] = ['drafts', 'outbox', 'files', 'stuck', 'rows', 'overlay', 'meta'];

/** Counts what is not sent. */
export function countsOf(context: Context): Promise<Counts> {
  return context.store.read(COUNT_TABLES, async (tx) => {
    const [typed, operations, kept, pulls, needs, last_sent_at, last_pulled_at] = await Promise.all([
      tx.all('drafts'), tx.by('outbox', 'state', ['new', 'tried']), tx.by('files', 'state', ['waiting', 'sending', 'sent', 'refused']),
      metaOf(tx, 'pulls', 0), needsOf(tx, context), metaOf(tx, 'last_sent_at', null), metaOf(tx, 'last_pulled_at', null),
    ]);
    const drafts = typed.filter((draft) => !draft.is_clean);
    const files = kept.filter((file) => isUnsent(file, pulls));
    const times = [
      ...drafts.map((draft) => draft.touched_at),
      ...operations.map((operation) => operation.stored_at),
      ...files.map((file) => file.stored_at),
    ];
    const operation_bytes = operations.reduce((sum, each) => sum + each.bytes, 0);
    const file_bytes = files.reduce((sum, each) => sum + Math.max(0, each.size_bytes - each.offset), 0);
    return {
      unsent: drafts.length + operations.length + files.length,
      drafts: drafts.length,
      operations: operations.length,
      files: files.length,
      oldest_at: times.length > 0 ? Math.min(...times) : null,
      bytes: operation_bytes + file_bytes,
      needs_you: needs.length,
      last_sent_at,
      last_pulled_at,
    };
  });
}
