// A store that dies at a chosen write, before or after it is on the disk, and a network that dies with it.
import type { HttpAnswer, HttpRequest, Store, Transport } from '@fieldpledge/sync-client';

export class Dead extends Error {
  override name = 'Dead';
}

export interface Death {
  /** 1 for the first write or request; 0 never */
  at: number;
  what: 'write' | 'request';
  when: 'before' | 'after';
}

/** The life of one run of the page: counts what it does, and ends as it is told. */
export class Life {
  writes = 0;
  requests = 0;
  is_over = false;
  constructor(private readonly death: Death = { at: 0, what: 'write', when: 'before' }) {}

  store(behind: Store): Store {
    return {
      ...behind,
      read: (tables, body) => (this.is_over ? Promise.reject(new Dead()) : behind.read(tables, body)),
      write: (tables, body) => this.passing('write', ++this.writes, () => behind.write(tables, body)),
    };
  }

  transport(behind: Transport): Transport {
    return { send: (request: HttpRequest): Promise<HttpAnswer> => this.passing('request', ++this.requests, () => behind.send(request)) };
  }

  private async passing<T>(what: Death['what'], count: number, run: () => Promise<T>): Promise<T> {
    if (this.is_over) throw new Dead();
    const is_hour = this.death.what === what && this.death.at === count;
    if (is_hour && this.death.when === 'before') { this.is_over = true; throw new Dead(); }
    const value = await run();
    if (is_hour) this.is_over = true;
    if (this.is_over) throw new Dead();
    return value;
  }
}
