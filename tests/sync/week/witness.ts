// Watches what a phone sends, over all its lives: what it had a receipt for, or knew the server to hold, must not travel again,
// and no photo goes before a text. What the page itself never heard does not count as known.
import type { HttpAnswer, HttpRequest, Store } from '@fieldpledge/sync-client';

export class Witness {
  readonly faults: string[] = [];
  readonly seen = { requests: 0, pushed: 0, chunks: 0, resumed: 0 };
  /** file → the offset that the server last named to the page */
  private readonly known = new Map<string, number>();

  /** `phone`: its database, open beside whatever page lives. */
  constructor(private readonly phone: Store) {}

  async see(request: HttpRequest, on: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    this.seen.requests += 1;
    if (request.path.endsWith('/push')) await this.push(request);
    if (request.method === 'PATCH') await this.chunk(request);
    const answer = await on();
    const name = fileOf(answer.headers['location'] ?? request.path);
    const offset = Number(answer.headers['upload-offset'] ?? NaN);
    if (!name || Number.isNaN(offset)) return answer;
    if (request.method === 'POST' && offset > 0 && offset < await this.size(name)) this.seen.resumed += 1;
    this.known.set(name, offset);
    return answer;
  }

  private async push(request: HttpRequest): Promise<void> {
    const { ops } = JSON.parse(String(request.body)) as { ops: { seq: number; void?: string }[] };
    const kept = await this.phone.read(['outbox'], (tx) => tx.many('outbox', ops.map(({ seq }) => seq)));
    this.seen.pushed += ops.length;
    for (const { seq } of kept.filter(({ state }) => state === 'acked')) this.faults.push(`${seq} was sent with its receipt at hand`);
    for (const { seq } of ops.filter((each) => each.void !== undefined)) this.faults.push(`${seq} was sent as lost`);
    ops.forEach(({ seq }, i) => { if (seq !== ops[0]!.seq + i) this.faults.push(`${seq} was sent out of order`); });
  }

  private async chunk({ path, headers }: HttpRequest): Promise<void> {
    const offset = Number(headers?.['upload-offset']), known = this.known.get(fileOf(path) ?? '');
    this.seen.chunks += 1;
    if (known === undefined || offset < known) this.faults.push(`${path} from ${offset}, known to stand at ${known}`);
    const waiting = await this.phone.read(['outbox'], (tx) => tx.by('outbox', 'state', ['new', 'tried']));
    if (waiting.length > 0) this.faults.push(`a photo before ${waiting.length} texts`);
  }

  private async size(name: string): Promise<number> {
    return (await this.phone.read(['files'], (tx) => tx.get('files', name)))?.size_bytes ?? 0;
  }
}

function fileOf(path: string): string | undefined {
  return /\/uploads\/([0-9a-f]{64})$/.exec(path)?.[1];
}
