// Shared by the tests of sync/client: a small world of notes in folders, clocks that the test owns, fresh databases.
import { assigns, defineKinds, defineOperations, inserts, settlesConflict } from '@fieldpledge/sync-client';
import type { Clock, Definitions, Local, Timers } from '@fieldpledge/sync-client';
import { openStore } from '@fieldpledge/sync-client/dexie';

export const definitions: Definitions = {
  schema: 1,
  kinds: defineKinds({
    folder: { index: ['owner_id'], edit: 'folder.edit' },
    note: { index: ['folder_id', 'tags'], parents: { folder_id: 'folder' }, edit: 'note.edit' },
    picture: { index: ['note_id'], parents: { note_id: 'note' } },
    tag: { index: ['note_id'], parents: { note_id: 'note' } },
  }),
  operations: defineOperations({
    'folder.add': { apply: inserts },
    'folder.edit': { apply: assigns },
    'note.add': { apply: inserts },
    'note.edit': { apply: assigns },
    'note.close': { apply: (row) => row && { ...row, state: 'closed' } },
    'note.tally': { apply: (row) => row && { ...row, count: Number(row['count'] ?? 0) + 1 } },
    'picture.add': {
      touches: ({ args }) => [{ kind: 'note', id: String(args['note_id']) }],
      apply: (row, done, record) => (record.kind === 'picture'
        ? inserts(row, done, record)
        : row && { ...row, pictures: Number(row['pictures'] ?? 0) + 1 }),
    },
    'tag.add': { apply: inserts },
    'conflict.settle': settlesConflict,
  }),
};

/** A clock that moves only when told. */
export class HandClock implements Clock {
  wall = Date.parse('2026-11-22T08:00:00.000Z');
  ticks = 1000;
  now(): number { return this.wall; }
  mono(): number { return this.ticks; }
  pass(ms: number): void { this.wall += ms; this.ticks += ms; }
}

/** Timers that run only when told. */
export class HandTimers implements Timers {
  waiting = new Map<() => void, number>();
  after(ms: number, run: () => void): () => void {
    this.waiting.set(run, ms);
    return () => { this.waiting.delete(run); };
  }
  /** Runs what waits now, not what that starts. */
  run(): void {
    const now = [...this.waiting.keys()];
    this.waiting.clear();
    now.forEach((run) => { run(); });
  }
}

let made = 0;

/** A name nobody used yet. */
export function freshUser(): string {
  made += 1;
  return `user-${made}`;
}

/** Opens the store of a user; the same user twice is a second tab, or the same phone started anew. */
export function open(userId: string, clock: Clock = new HandClock(), deviceId?: string): Promise<Local> {
  return openStore({ server: 'test', userId, definitions, clock, timers: new HandTimers(),
    ...(deviceId ? { deviceId } : {}) });
}

/** The next value of a live query. */
export function firsts<T>(live: { subscribe(next: (value: T) => void): () => void }): {
  next(wanted: (value: T) => boolean): Promise<T>; stop(): void;
} {
  let last: { value: T } | undefined;
  let look = (): void => undefined;
  const stop = live.subscribe((value) => { last = { value }; look(); });
  return {
    stop,
    next: (wanted) => new Promise((resolve) => {
      look = () => { if (last && wanted(last.value)) resolve(last.value); };
      look();
    }),
  };
}
