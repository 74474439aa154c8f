// What the engine says of itself, the same in every tab; and who waits for it to change.
import type { Bell } from './ports';
import { OTHER_SESSION } from './push';
import type { EngineState } from './status';

export interface Told {
  now(): EngineState;
  set(change: Partial<EngineState>): void;
  listen(heard: () => void): () => void;
}

/** The engine's state, told to the other tabs, in which nothing runs. */
export function stateOf(bell: Bell): Told {
  let state: EngineState = { is_sending: false, is_offline: false, is_signed_out: false, problem: null, is_leader: false };
  const listeners = new Set<() => void>();
  const put = (next: EngineState): void => {
    state = next;
    listeners.forEach((heard) => { heard(); });
  };
  bell.listen((word) => {
    if (!word.startsWith('state ') || state.is_leader) return;
    put({ ...(JSON.parse(word.slice('state '.length)) as EngineState), is_leader: false });
  });
  return {
    now: () => state,
    set(change) {
      const next = { ...state, ...change };
      if (JSON.stringify(next) === JSON.stringify(state)) return;
      put(next);
      if (state.is_leader) bell.ring(`state ${JSON.stringify(state)}`);
    },
    listen(heard) {
      listeners.add(heard);
      return () => { listeners.delete(heard); };
    },
  };
}

/** Resolves at once, or when the session is the right person's again. */
export function hers(told: Told, away: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (told.now().problem === OTHER_SESSION && !away.aborted) return;
      unlisten();
      away.removeEventListener('abort', look);
      resolve();
    };
    const unlisten = told.listen(look);
    away.addEventListener('abort', look);
    look();
  });
}
