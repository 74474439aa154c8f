// A store that dies at a chosen write, before or after it is on the disk, and a network that dies with it.
import type { HttpAnswer, HttpRequest, Store, Transport } from '@fieldpledge/sync-client';

export class Dead extends Error {
  override name = 'Dead';
}

/** A push is one with operations; a chunk is bytes of a file. Both are requests too. */
export type Mortal = 'write' | 'request' | 'push' | 'chunk';

export interface Death {
  /** 1 for the first of its kind; 0 never */
  at: number;
  what: Mortal;
  /** `during`: the request is on its way; its connection goes a moment after the page. Requests only. */
  when: 'before' | 'during' | 'after';
  /** How long that moment is. */
  moment_ms?: number;
}

/** The life of one run of the page: counts what it does, and ends as it is told. */
export class Life {
  readonly counts: { [what in Mortal]: number } = { write: 0, request: 0, push: 0, chunk: 0 };
  is_over = false;
  constructor(readonly death: Death = { at: 0, what: 'write', when: 'before' }) {}

  store(behind: Store): Store {
    return {
      ...behind,
      read: (tables, body) => (this.is_over ? Promise.reject(new Dead()) : behind.read(tables, body)),
      write: (tables, body) => this.passing(['write'], () => behind.write(tables, body)),
    };
  }

  transport(behind: Transport): Transport {
    return {
      send: (request: HttpRequest): Promise<HttpAnswer> => {
        const connection = new AbortController();
        return this.passing(kindsOf(request), () => behind.send({ ...request, signal: connection.signal }), connection);
      },
    };
  }

  private async passing<T>(kinds: readonly Mortal[], run: () => Promise<T>, connection?: AbortController): Promise<T> {
    if (this.is_over) throw new Dead();
    for (const kind of kinds) this.counts[kind] += 1;
    const { at, what, when, moment_ms } = this.death;
    const is_hour = at > 0 && kinds.includes(what) && this.counts[what] >= at;
    if (is_hour && when === 'before') { this.is_over = true; throw new Dead(); }
    const running = run();
    if (is_hour && when === 'during') {
      this.is_over = true;
      running.catch(() => undefined);
      setTimeout(() => { connection?.abort(); }, moment_ms ?? 0);
      throw new Dead();
    }
    const value = await running;
    if (is_hour) this.is_over = true;
    if (this.is_over) throw new Dead();
    return value;
  }
}

function kindsOf({ method, path, body }: HttpRequest): readonly Mortal[] {
  if (method === 'PATCH') return ['request', 'chunk'];
  return path.endsWith('/push') && !String(body).includes('"ops":[]') ? ['request', 'push'] : ['request'];
}
