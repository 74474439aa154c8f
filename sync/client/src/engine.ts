// The half that sends and fetches. One tab per device leads (Web Locks); the others ring. A round is: drafts that rested,
// push, pull, files. Flush on start, save, visible, online, and on a timer with jitter; back off when nothing answers.
import { keep, metaOf } from './context';
import type { Context } from './context';
import type { Wire } from './exchange';
import { isUnsent } from './files';
import type { Local } from './local';
import type { Bell, Live, Locks, Signer, Surroundings, Transport } from './ports';
import { pauseOf } from './pause';
import { pullAll } from './pull';
import { OTHER_SESSION, pushAll } from './push';
import type { Outcome, Pushing } from './push';
import { repair } from './repair';
import { countsOf } from './status';
import { listen } from './listen';
import type { Known, Listening } from './listen';
import type { EngineState, Status } from './status';
import { sweep } from './sweep';
import { hers, stateOf } from './told';
import type { Told } from './told';
import { uploadAll, uploadingOf } from './upload';

/** How long a device goes without a pull of its own while a bell waits at the server. */
const QUIET_MS = 5 * 60_000;
/** When the network comes back for a whole site, its devices do not ask in the same instant. */
const ONLINE_APART_MS = 3_000;
const DIGEST_EVERY_MS = 8 * 3600_000;

export interface EnginePorts {
  local: Local;
  transport: Transport;
  locks: Locks;
  bell: Bell;
  surroundings: Surroundings;
  /** Name and version of the application, at most 64 characters. */
  app: string;
  /** Asked at the first push: a new phone's first screen does not wait for a key. */
  signer?: () => Promise<Signer | null>;
  random?: () => number;
  /** Whether the browser promised to keep the database. */
  persisted?: () => Promise<boolean>;
}

export interface Engine {
  /** Begins to want the lead of this device. */
  start(): void;
  /** Lets go of the lead; a running exchange is given up, nothing is lost by it. */
  stop(): Promise<void>;
  /** Sync soon: after a sign-in, a pull to refresh. In any tab. */
  nudge(): void;
  /** One round now, for tests and for "send now". Only sensible in the leading tab. */
  round(): Promise<Outcome>;
  state(): EngineState;
  /** Counts and engine state together, for the one honest line. */
  status(): Live<Status>;
}

/** Makes the engine of one tab. */
export function createEngine(ports: EnginePorts): Engine {
  const told = stateOf(ports.bell);
  const worker = workerOf(ports, told);
  let stopping = new AbortController();
  let leading: Promise<unknown> = Promise.resolve();
  const random = ports.random ?? Math.random;
  const unlisten: (() => void)[] = [];
  const heed = (word: Word): void => {
    if (word === 'listening' || word === 'deaf') worker.listens(word === 'listening'); else worker.wake(word === 'wake');
  };
  const tell = (word: Word): void => {
    if (worker.is_leading()) heed(word); else ports.bell.ring(word);
  };
  const nudge = (): void => { tell('wake'); };
  return {
    nudge,
    round: worker.round,
    state: told.now,
    status: () => statusOf(ports, told),
    start() {
      stopping = new AbortController();
      ports.local.context.saved = () => { tell('saved'); };
      unlisten.push(ports.bell.listen((word) => {
        if (worker.is_leading() && isWord(word)) heed(word);
      }));
      unlisten.push(ports.surroundings.listen((reason) => {
        if (reason === 'offline') told.set({ is_offline: true });
        if (reason === 'visible') nudge();
        if (reason === 'online') unlisten.push(ports.local.context.timers.after(random() * ONLINE_APART_MS, nudge));
      }));
      const { signal } = stopping;
      leading = Promise.all([
        ports.locks.lead(`lead:${ports.local.context.store.name}`, signal, () => worker.lead(signal)).catch(() => undefined),
        listen(listeningOf(ports, random, tell, told), signal),
      ]);
    },
    async stop() {
      stopping.abort();
      worker.wake(true);
      unlisten.splice(0).forEach((end) => { end(); });
      ports.local.context.saved = () => undefined;
      await leading;
    },
  };
}

/** What a tab says to the one that leads. */
type Word = 'saved' | 'wake' | 'listening' | 'deaf';

function isWord(word: string): word is Word {
  return word === 'saved' || word === 'wake' || word === 'listening' || word === 'deaf';
}

/** The bell for this phone, by what its own pulls brought. */
function listeningOf(ports: EnginePorts, random: () => number, says: (word: Word) => void, told: Told): Listening {
  const { store, clock, timers } = ports.local.context;
  const path = (): string => `/api/sync/v1/bell?${new URLSearchParams({ device_id: ports.local.context.device_id }).toString()}`;
  const known = (): Promise<Known | null> => store.read(['meta'], async (tx) => {
    const [epoch, pulled_at, feed_head] = await Promise.all([
      metaOf(tx, 'epoch', null), metaOf(tx, 'last_pulled_at', null), metaOf(tx, 'passed', 0),
    ]);
    return epoch === null || pulled_at === null ? null : { epoch, feed_head };
  });
  return { ...ports, name: store.name, path, clock, timers, random, says, known, hers: (away) => hers(told, away) };
}

function statusOf(ports: EnginePorts, told: Told): Live<Status> {
  return {
    subscribe(next, failed) {
      let is_persisted: boolean | null = null;
      let counts: Awaited<ReturnType<typeof countsOf>> | null = null;
      const tell = (): void => { if (counts) next({ ...counts, ...told.now(), is_persisted }); };
      void ports.persisted?.().then((answer) => { is_persisted = answer; tell(); }, () => undefined);
      const ends = [
        ports.local.live(() => countsOf(ports.local.context)).subscribe((value) => { counts = value; tell(); }, failed),
        told.listen(tell),
      ];
      return () => { ends.forEach((end) => { end(); }); };
    },
  };
}

interface Worker {
  is_leading(): boolean;
  /** A reason to sync; `by_hand` for the person's own wish, the network's return, the screen's. */
  wake(by_hand: boolean): void;
  /** Whether some tab's bell waits at the server, so that what is new says so itself. */
  listens(is_listening: boolean): void;
  lead(stopped: AbortSignal): Promise<void>;
  round(): Promise<Outcome>;
}

/** The loop of the leading tab. */
function workerOf(ports: EnginePorts, told: Told): Worker {
  const { local } = ports;
  const { context } = local;
  const wire: Wire = { transport: ports.transport, clock: context.clock, timers: context.timers };
  const pushing: Pushing = { context, wire, app: ports.app, signer: ports.signer ?? (() => Promise.resolve(null)) };
  const uploading = uploadingOf(context, wire);
  const random = ports.random ?? Math.random;
  let is_leading = false;
  let is_awake = true;
  let is_told_to_wait = false;
  let is_halted = false;
  let is_listening = false;
  let failures = 0;
  let wake = (): void => undefined;

  const round = async (): Promise<Outcome> => {
    const is_doubtful = failures > 0 || !ports.surroundings.is_online();
    const outcome = await roundOf({ local, pushing, is_doubtful, told, upload: () => uploadAll(uploading) });
    failures = outcome.is === 'later' ? failures + 1 : 0;
    is_told_to_wait = outcome.is === 'later' && outcome.wait_ms !== null;
    is_halted = outcome.is === 'later' && outcome.problem === OTHER_SESSION;
    told.set(saidBy(outcome));
    return outcome;
  };
  /** Sleeps until the timer or a reason to wake; under somebody else's session no timer wakes it. */
  const rest = (ms: number): Promise<void> => new Promise((resolve) => {
    if (is_awake) { resolve(); return; }
    const cancel = is_halted ? (): void => undefined : context.timers.after(ms, () => { wake(); });
    wake = () => { cancel(); wake = () => undefined; resolve(); };
  });
  return {
    is_leading: () => is_leading,
    wake(by_hand) {
      // A server that said when to come again is not asked at every save, nor one that waits for another sign-in.
      if ((is_told_to_wait || is_halted) && !by_hand) return;
      is_awake = true;
      wake();
    },
    round,
    listens(now) { is_listening = now; },
    async lead(stopped) {
      is_leading = true;
      wire.stopped = stopped;
      told.set({ is_leader: true });
      while (!stopped.aborted) {
        is_awake = false;
        const outcome = await round().catch((): Outcome => ({ is: 'later', wait_ms: null, problem: null, is_offline: false }));
        if (stopped.aborted) break;
        if (outcome.is === 'again') continue;
        const asked_at = context.clock.mono();
        await rest(pauseOf(outcome, failures, random()));
        while (is_listening && !is_awake && outcome.is === 'done' && context.clock.mono() - asked_at < QUIET_MS) {
          await local.drafts.commitRested().catch(() => undefined);
          await rest(pauseOf(outcome, failures, random()));
        }
      }
      is_leading = false;
      told.set({ is_leader: false, is_sending: false });
    },
  };
}

function saidBy(outcome: Outcome): Partial<EngineState> {
  if (outcome.is !== 'later') return { is_offline: false, is_signed_out: false, problem: null };
  const is_signed_out = outcome.problem === 'signed-out';
  return { is_offline: outcome.is_offline, is_signed_out, problem: is_signed_out ? null : outcome.problem };
}

interface Round {
  local: Local;
  pushing: Pushing;
  /** The last round failed, or the device says that it has no network. */
  is_doubtful: boolean;
  told: Told;
  upload: () => Promise<Outcome>;
}

/** One round. Files go last, and only when texts are through. */
async function roundOf({ local, pushing, is_doubtful, told, upload }: Round): Promise<Outcome> {
  const { context } = pushing;
  await local.drafts.commitRested();
  const [is_signed_out, counts] = await Promise.all([
    context.store.read(['meta'], (tx) => metaOf(tx, 'is_signed_out', false)), countsOf(context),
  ]);
  if (is_signed_out) return { is: 'done' };
  // In a cellar the line does not say "sending" at every try.
  told.set({ is_sending: !is_doubtful && counts.operations + counts.files > 0 });
  try {
    const pushed = await pushAll(pushing, is_doubtful);
    if (pushed.is === 'later') return pushed;
    told.set({ is_offline: false, is_sending: counts.operations + counts.files > 0 });
    const pulled = await pullAndCompare(pushing);
    if (pulled.is === 'later') return pulled;
    const uploaded = await upload();
    await sweep(context);
    // Once bytes are through, one more pull says at once that they are stored.
    return uploaded.is === 'done' && await hasJustSent(context) ? await pullAll(pushing) : uploaded;
  } finally {
    told.set({ is_sending: false });
  }
}

/** Whether the server took a file's last byte since the last pull. */
function hasJustSent(context: Context): Promise<boolean> {
  return context.store.read(['files', 'meta'], async (tx) => {
    const pulls = await metaOf(tx, 'pulls', 0);
    return (await tx.by('files', 'state', 'sent')).some((file) => isUnsent(file, pulls));
  });
}

/** Compares a few times a day; not at once what was fetched just now: who signs in waits for her list. */
async function pullAndCompare(pushing: Pushing): Promise<Outcome> {
  const { context } = pushing;
  const now = context.clock.now();
  const is_due = await context.store.read(['meta'], async (tx) => {
    const last = await metaOf(tx, 'digest_at', null);
    return await metaOf(tx, 'pulls', 0) > 0 && (last === null || Math.abs(now - last) >= DIGEST_EVERY_MS);
  });
  const pulled = await pullAll(pushing, is_due);
  if (pulled.is !== 'done' || !pulled.digest) return pulled;
  const repaired = await repair(pushing, pulled.digest);
  if (repaired.is === 'done') await context.store.write(['meta'], (tx) => keep(tx, 'digest_at', now));
  return repaired;
}

