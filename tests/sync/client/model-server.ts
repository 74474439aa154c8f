// A server in memory that speaks sync/PROTOCOL.md, on the toy kinds of the vectors. It passes sync/vectors/protocol.json
// (vectors.test.ts), so that what the client is tested with is the protocol and not our idea of it.
import { createHash } from 'node:crypto';
import { canonical, mergeFields, same, uuid7 } from '@fieldpledge/sync-client';
import type { Fields, HttpAnswer, HttpRequest, Json, Operation, Receipt, Transport } from '@fieldpledge/sync-client';
import { assertSyncable, NotSyncable } from '@fieldpledge/sync-client';
import { ModelFiles } from './model-files';

type Sent = (Operation & { seq: number }) | { seq: number; void: string };
interface Stored { kind: string; id: string; rev: number; fields: Fields; bucket: string; writes: { rev: number; by: string }[] }
interface FeedLine { seq: number; bucket: string; kind: string; id: string; op: 'put' | 'remove'; why?: string; rev: number }
interface Entry { hash: string; author: string; device: string; seq: number; op: Operation; result: Fields }
interface Device { user: string; results: Map<number, { op_id: string | null; result: Fields }> }
export interface FieldRule { writers: string[]; text?: boolean; start?: Json }
export interface World { kinds: { [kind: string]: { [field: string]: FieldRule } }; types: { [type: string]: TypeRule } }
interface TypeRule { mode: 'insert' | 'edit' | 'act'; kind: string; refs?: { [field: string]: string }; act?: 'close' | 'break' | 'settle' | 'tally' }

const BOTH = ['pen', 'desk'];
/** The toy kinds of protocol.json, with a few more for the client's own tests. */
export const TOYS: World = {
  kinds: {
    note: {
      title: { writers: BOTH, start: 'A' }, body: { writers: BOTH, text: true, start: '' }, due: { writers: ['desk'] },
      count: { writers: ['pen'], start: 0 }, number: { writers: [] }, tags: { writers: BOTH, start: [] },
      closed: { writers: [], start: false },
    },
    tag: { note_id: { writers: ['insert'] }, name: { writers: ['insert'] } },
  },
  types: {
    'note.add': { mode: 'insert', kind: 'note' }, 'note.edit': { mode: 'edit', kind: 'note' },
    'note.close': { mode: 'act', kind: 'note', act: 'close' }, 'note.break': { mode: 'act', kind: 'note', act: 'break' },
    'note.tally': { mode: 'act', kind: 'note', act: 'tally' },
    'tag.add': { mode: 'insert', kind: 'tag', refs: { note_id: 'note' } },
    'conflict.settle': { mode: 'act', kind: 'conflict', act: 'settle' },
  },
};

const MEMBERS = new Set(['op_id', 'seq', 'type', 'v', 'record', 'args', 'occurred_at', 'base_rev', 'base', 'mono_ms', 'clock', 'files', 'mends']);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

class Refused extends Error {
  constructor(readonly slug: string, readonly field?: string) { super(slug); }
}
/** The whole request cannot be taken. */
class Turned extends Error {
  constructor(readonly status: number, readonly slug: string, readonly more: Fields = {}) { super(slug); }
}

const hash = (value: unknown): string => createHash('sha256').update(canonical(value as Json)).digest('hex');
const key = (kind: string, id: string): string => `${kind}/${id}`;

export class ModelServer {
  epoch = 'e1';
  head = 0;
  records = new Map<string, Stored>();
  feed = new Map<string, FeedLine>();
  ledger = new Map<string, Entry>();
  devices = new Map<string, Device>();
  files = new ModelFiles((sha256, size) => { this.fileStored(sha256, size); });
  /** Every request that was received, for the tests that count them. */
  requests: { method: string; path: string; body: string }[] = [];
  /** Answered instead of the server's own answer, while it is there (a proxy, a portal). */
  instead: ((request: HttpRequest) => HttpAnswer | null) | null = null;
  page_limit = 1000;
  private extra_buckets = new Map<string, string[]>();
  constructor(readonly world: World = TOYS, readonly now: () => number = () => Date.now()) {}

  as(user: string): Transport {
    return { send: async (request) => this.answer(user, request) };
  }

  private answer(user: string, request: HttpRequest): HttpAnswer {
    const instead = this.instead?.(request);
    if (instead) return instead;
    const url = new URL(request.path, 'http://model');
    this.requests.push({ method: request.method, path: url.pathname, body: typeof request.body === 'string' ? request.body : '' });
    try {
      if (url.pathname.startsWith('/api/files/')) return this.files.answer(request);
      const body = (): Fields => JSON.parse(request.body as string) as Fields;
      if (url.pathname.endsWith('/push')) return json(200, this.push(user, body()));
      if (url.pathname.endsWith('/inventory')) return json(200, this.inventory(user, body()));
      if (url.pathname.endsWith('/bell')) return this.bell(user, url.searchParams);
      const page = this.pull(user, url.searchParams);
      return page.body ? json(200, page.body) : { status: 204, headers: page.headers ?? {}, text: '' };
    } catch (error) {
      if (!(error instanceof Turned)) throw error;
      return json(error.status, { ...problem(error.slug), ...error.more });
    }
  }

  // ---- push ---------------------------------------------------------------------------------------------------------
  private push(user: string, body: Fields): Fields {
    const ops = body['ops'] as unknown as Sent[];
    if (ops.length > 200 || JSON.stringify(body).length > 512 * 1024) throw new Turned(413, 'too-large');
    const device = this.deviceOf(String(body['device_id']), user);
    const acked = ackedOf(device);
    ops.forEach((op, i) => {
      if (i > 0 && op.seq !== ops[i - 1]!.seq + 1) throw this.gap(device, ops);
    });
    if (ops[0] && ops[0].seq > acked + 1) throw this.gap(device, ops);
    for (const op of ops) {
      const known = device.results.get(op.seq);
      if (known && known.op_id !== null && known.op_id !== ('void' in op ? null : op.op_id)) {
        throw new Turned(409, 'sequence-reused', { field: 'ops', seq: op.seq, acked_seq: acked });
      }
    }
    const results = ops.map((op) => {
      const known = device.results.get(op.seq);
      if (known) return { ...known.result, replayed: true };
      const result = this.process(user, String(body['device_id']), op);
      const { replayed: _, ...stored } = result;
      device.results.set(op.seq, { op_id: 'void' in op ? null : op.op_id, result: stored });
      return result;
    });
    return {
      epoch: this.epoch, acked_seq: ackedOf(device), feed_head: this.head, anchor: `anchor ${this.head}`, server_time: this.instant(), results,
    };
  }

  private deviceOf(id: string, user: string): Device {
    const device = this.devices.get(id) ?? { user, results: new Map() };
    if (device.user !== user) throw new Turned(403, 'device-of-another-user', { field: 'device_id' });
    this.devices.set(id, device);
    return device;
  }

  private gap(device: Device, ops: Sent[]): Turned {
    let expected = 1;
    const there = new Set(ops.map((op) => op.seq));
    while (device.results.has(expected) || there.has(expected)) expected++;
    return new Turned(409, 'sequence-gap', { field: 'ops', expected_seq: expected, acked_seq: ackedOf(device) });
  }

  private process(user: string, device: string, op: Sent): Fields {
    if ('void' in op) return this.setAside({ user, device, seq: op.seq, op_id: null, op: null }, 'void', new Refused('operation-lost'));
    const at = { user, device, seq: op.seq, op_id: UUID.test(op.op_id) ? op.op_id : null, op };
    const { seq: _, ...content } = op;
    const known = at.op_id ? this.ledger.get(op.op_id) : undefined;
    if (known && known.hash === hash(content) && known.author === user) return { ...known.result, seq: op.seq, replayed: true };
    if (known) return this.setAside(at, 'rejected', new Refused('operation-id-reused', 'op_id'), uuid7(this.now()));
    const result = this.attempt(at, op);
    if (at.op_id) this.ledger.set(op.op_id, { hash: hash(content), author: user, device, seq: op.seq, op: content as Operation, result });
    if (op.mends && typeof result['rev'] === 'number') this.mend(op.mends, op.op_id);
    return result;
  }

  private attempt(at: At & { op: Operation & { seq: number } }, op: Operation & { seq: number }): Fields {
    try {
      const type = this.read(op);
      const root = this.blockerOf(at, op, type);
      if (root) return { ...this.setAside(at, 'blocked', new Refused('blocked'), op.op_id, root), blocked_by: root };
      return { seq: op.seq, op_id: op.op_id, ...this.run(at.user, op, type) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const status = error.slug === 'unsupported-version' ? 'unsupported_version' : error.slug === 'parked' ? 'parked' : 'rejected';
      return this.setAside(at, status, error, at.op_id ?? uuid7(this.now()));
    }
  }

  /** What can be said about an operation before anything is touched. */
  private read(op: Operation): TypeRule {
    const stranger = Object.keys(op).find((name) => !MEMBERS.has(name));
    if (stranger) throw new Refused('unknown-field', stranger);
    if (!UUID.test(op.op_id)) throw new Refused('invalid-operation', 'op_id');
    try { assertSyncable(op.args, 'args'); } catch (error) {
      if (error instanceof NotSyncable) throw new Refused('invalid-operation', error.path);
      throw error;
    }
    const type = this.world.types[op.type];
    if (!type) throw new Refused('unsupported-version', 'type');
    if (op.v !== 1) throw new Refused('unsupported-version', 'v');
    return type;
  }

  private blockerOf(at: At, op: Operation, type: TypeRule): string | null {
    for (const stuck of this.stuckOf(at.device)) {
      if (op.mends && (stuck.id === op.mends || stuck.fields['blocked_by'] === op.mends)) continue;
      const same_record = stuck.fields['record_kind'] === op.record.kind && stuck.fields['record_id'] === op.record.id;
      const is_insert = this.world.types[String(stuck.fields['type'])]?.mode === 'insert';
      const refers = is_insert && Object.entries(type.refs ?? {}).some(([field, kind]) =>
        kind === stuck.fields['record_kind'] && op.args[field] === stuck.fields['record_id']);
      if (same_record || refers) return String(stuck.fields['blocked_by'] ?? stuck.fields['op_id']);
    }
    return null;
  }

  private stuckOf(device: string): Stored[] {
    return [...this.records.values()].filter(({ kind, fields }) =>
      kind === 'stuck_operation' && fields['device_id'] === device && fields['state'] === 'open');
  }

  private run(user: string, op: Operation, type: TypeRule): Fields {
    const rules = this.world.kinds[op.record.kind] ?? {};
    const record = this.records.get(key(op.record.kind, op.record.id));
    if (type.mode === 'insert') {
      if (record) throw new Refused('record-exists', 'record.id');
      for (const field of Object.keys(op.args)) {
        if (!rules[field]) throw new Refused('unknown-field', `args.${field}`);
        if (rules[field].writers.length === 0) throw new Refused('not-owner', `args.${field}`);
      }
      const start = Object.fromEntries(Object.entries(rules).map(([field, rule]) => [field, rule.start ?? null]));
      const made = this.write(op.record.kind, op.record.id, { ...start, ...op.args }, user);
      this.filesOf(op);
      return { status: 'applied', rev: made.rev };
    }
    if (!record) throw new Refused('record-not-found', 'record.id');
    return type.mode === 'edit' ? this.edit(user, op, record) : this.act(user, op, record, type);
  }

  private act(user: string, op: Operation, record: Stored, type: TypeRule): Fields {
    if (type.act === 'break') throw new Refused('parked');
    if (type.act === 'settle') {
      const { choice, value } = op.args;
      const chosen = choice === 'mine' ? record.fields['phone_value'] : value;
      if (choice !== 'theirs') {
        this.write(String(record.fields['record_kind']), String(record.fields['record_id']),
          { [String(record.fields['field'])]: chosen ?? null }, user);
      }
      return { status: 'applied', rev: this.write('conflict', record.id, { state: 'settled', choice: choice ?? null }, user).rev };
    }
    this.filesOf(op);
    const change = type.act === 'tally' ? { count: Number(record.fields['count'] ?? 0) + 1 } : { closed: true };
    return { status: 'applied', rev: this.write(record.kind, record.id, change, user).rev };
  }

  private edit(user: string, op: Operation, record: Stored): Fields {
    const rules = this.world.kinds[record.kind] ?? {};
    const base = op.base ?? {};
    for (const field of Object.keys({ ...op.args, ...base })) {
      if (!rules[field]) throw new Refused('unknown-field', `args.${field}`);
      if (!rules[field].writers.includes(sideOf(user))) throw new Refused('not-owner', `args.${field}`);
      if (!Object.hasOwn(base, field) || !Object.hasOwn(op.args, field)) throw new Refused('base-missing', `base.${field}`);
    }
    const others_wrote = record.writes.some((write) => write.rev > (op.base_rev ?? Infinity) && write.by !== user);
    const texts = Object.keys(rules).filter((field) => rules[field]!.text);
    const merged = mergeFields({ current: record.fields, base, args: op.args, texts, others_wrote });
    const rev = Object.keys(merged.changes).length > 0 ? this.write(record.kind, record.id, merged.changes, user).rev : record.rev;
    if (merged.status !== 'conflict') return { status: merged.status, rev };
    const ids = merged.collided.map((field) => this.conflict(user, op, record, field));
    return { status: 'conflict', rev, conflict_id: ids[0]!, conflict_ids: ids };
  }

  private conflict(user: string, op: Operation, record: Stored, field: string): string {
    const [base, value] = [op.base?.[field] ?? null, op.args[field] ?? null];
    const open = [...this.records.values()].find(({ kind, fields }) => kind === 'conflict' && fields['state'] === 'open'
      && fields['record_id'] === record.id && fields['field'] === field && fields['phone_author_id'] === user
      && same(fields['phone_value'], base));
    const phone = { phone_value: value, phone_at: op.occurred_at, op_id: op.op_id };
    if (open) return this.write('conflict', open.id, phone, user).id;
    return this.write('conflict', uuid7(this.now()), {
      record_kind: record.kind, record_id: record.id, field, base_value: base, server_value: record.fields[field] ?? null,
      server_author_id: record.writes.at(-1)?.by ?? 'server', server_at: this.instant(), ...phone, phone_author_id: user,
      state: 'open', choice: null, settled_by_id: null, settled_at: null,
    }, user).id;
  }

  private setAside(at: At, status: string, why: Refused, id = uuid7(this.now()), blocked_by: string | null = null): Fields {
    const reason = { ...problem(why.slug), ...(why.field ? { field: why.field } : {}) };
    const payload = at.op as unknown as Fields | null;
    this.write('stuck_operation', id, {
      op_id: at.op_id, device_id: at.device, seq: at.seq, author_id: at.user, type: at.op?.type ?? null, status,
      record_kind: at.op?.record.kind ?? null, record_id: at.op?.record.id ?? null, problem: reason, payload, blocked_by,
      occurred_at: at.op?.occurred_at ?? null, received_at: this.instant(), state: 'open', mended_by: null,
    }, at.user, `home:${at.user}`);
    return { seq: at.seq, op_id: at.op_id, status, rev: null, stuck_id: id, problem: reason };
  }

  private mend(stuck_id: string, by: string): void {
    const stuck = this.records.get(key('stuck_operation', stuck_id));
    if (!stuck) return;
    this.write(stuck.kind, stuck.id, { state: 'mended', mended_by: by }, by, stuck.bucket);
    const waiting = this.stuckOf(String(stuck.fields['device_id'])).filter((each) => each.fields['blocked_by'] === stuck_id);
    for (const each of waiting.sort((a, b) => Number(a.fields['seq']) - Number(b.fields['seq']))) {
      const entry = this.ledger.get(String(each.fields['op_id']))!;
      this.write(each.kind, each.id, { state: 'mended', mended_by: by }, by, each.bucket);
      entry.result = this.attempt({ user: entry.author, device: entry.device, seq: entry.seq, op_id: entry.op.op_id,
        op: { ...entry.op, seq: entry.seq } }, { ...entry.op, seq: entry.seq });
      this.devices.get(entry.device)!.results.set(entry.seq, { op_id: entry.op.op_id, result: entry.result });
    }
  }

  // ---- records and feed ----------------------------------------------------------------------------------------------
  /** Writes fields of a record; also what the office does in the tests. */
  write(kind: string, id: string, changes: Fields, by: string, bucket = 'shared'): Stored {
    const before = this.records.get(key(kind, id));
    const rev = (before?.rev ?? 0) + 1;
    const record: Stored = {
      kind, id, rev, fields: { ...before?.fields, ...changes }, bucket: before?.bucket ?? bucket,
      writes: [...(before?.writes ?? []), { rev, by }],
    };
    this.records.set(key(kind, id), record);
    this.line(record, record.bucket, 'put');
    return record;
  }

  /** A change of scope (M-45). */
  move(kind: string, id: string, to: string): void {
    const record = this.records.get(key(kind, id))!;
    this.line(record, record.bucket, 'remove', 'scope');
    this.records.set(key(kind, id), { ...record, bucket: to });
    this.line(record, to, 'put');
  }

  /** Lets a user see one more bucket, or fewer. */
  grant(user: string, buckets: string[]): void { this.extra_buckets.set(user, buckets); }

  private line(record: Stored, bucket: string, op: 'put' | 'remove', why?: string): void {
    this.feed.set(`${bucket}|${key(record.kind, record.id)}`, {
      seq: ++this.head, bucket, kind: record.kind, id: record.id, rev: record.rev, op, ...(why ? { why } : {}),
    });
  }

  private filesOf(op: Operation): void {
    for (const name of op.files ?? []) {
      const sha256 = name.slice('sha256:'.length);
      if (!this.records.has(key('file', sha256))) {
        this.write('file', sha256, { sha256, size_bytes: null, content_type: null, state: 'pending' }, 'server');
      }
      const size = this.files.stored.get(sha256);
      if (size !== undefined) this.fileStored(sha256, size);
    }
  }

  private fileStored(sha256: string, size_bytes: number): void {
    if (this.records.has(key('file', sha256))) this.write('file', sha256, { size_bytes, state: 'stored' }, 'server');
  }

  // ---- pull ----------------------------------------------------------------------------------------------------------
  private bucketsOf(user: string): string[] {
    return ['shared', `home:${user}`, ...(this.extra_buckets.get(user) ?? [])];
  }

  private pull(user: string, query: URLSearchParams): { body?: Fields; headers?: Record<string, string> } {
    const schema = Number(query.get('schema'));
    const cursor = this.cursorOf(query.get('cursor'), schema);
    const buckets = this.bucketsOf(user);
    const device = this.devices.get(query.get('device_id') ?? '');
    const lines = [...this.feed.values()]
      .filter((line) => buckets.includes(line.bucket) && line.seq > (cursor[line.bucket] ?? 0)).sort((a, b) => a.seq - b.seq);
    const limit = Math.min(Number(query.get('limit') ?? 500), this.page_limit);
    const page = lines.slice(0, limit);
    const more = lines.length > limit;
    const passed = more ? page.at(-1)!.seq : this.head;
    const added = buckets.filter((bucket) => !(bucket in cursor));
    const removed = Object.keys(cursor).filter((bucket) => !buckets.includes(bucket));
    const said = { epoch: this.epoch, acked_seq: device ? ackedOf(device) : 0, feed_head: this.head, server_time: this.instant() };
    const wants_digest = query.get('digest') === '1' && !more;
    if (page.length + added.length + removed.length === 0 && !wants_digest) {
      return { headers: {
        'sync-epoch': said.epoch, 'sync-acked-seq': String(said.acked_seq), 'sync-feed-head': String(said.feed_head),
        'sync-server-time': said.server_time,
      } };
    }
    const next = Object.fromEntries(buckets.map((bucket) => [bucket, passed]));
    return { body: {
      ...said, cursor: btoa(JSON.stringify({ epoch: this.epoch, schema, next })), more, buckets: { added, removed },
      changes: page.map((line) => this.changeOf(line)) as Json[],
      ...(wants_digest ? { digest: Object.fromEntries(buckets.map((bucket) => [bucket, this.digestOf(bucket)])) } : {}),
    } };
  }

  /** Answered at once, as by a server that cannot hold. */
  private bell(user: string, query: URLSearchParams): HttpAnswer {
    const device = this.devices.get(query.get('device_id') ?? '');
    if (device && device.user !== user) throw new Turned(403, 'device-of-another-user', { field: 'device_id' });
    const after = Number(query.get('after'));
    const newest = Math.max(0, ...[...this.feed.values()].filter((line) => this.bucketsOf(user).includes(line.bucket)).map((line) => line.seq));
    const is_news = query.get('epoch') !== this.epoch || after > this.head || newest > after;
    if (is_news) return json(200, { epoch: this.epoch, feed_head: this.head });
    return { status: 204, headers: { 'retry-after': '300' }, text: '' };
  }

  private cursorOf(text: string | null, schema: number): { [bucket: string]: number } {
    if (text === null) return {};
    let cursor: { epoch: string; schema: number; next: { [bucket: string]: number } };
    try { cursor = JSON.parse(atob(text)) as typeof cursor; } catch { throw new Turned(400, 'cursor-invalid', { field: 'cursor' }); }
    if (!cursor?.next) throw new Turned(400, 'cursor-invalid', { field: 'cursor' });
    if (cursor.epoch !== this.epoch) throw new Turned(410, 'reset', { reset: 'epoch', epoch: this.epoch });
    if (cursor.schema !== schema) throw new Turned(410, 'reset', { reset: 'schema', epoch: this.epoch });
    return cursor.next;
  }

  private changeOf(line: FeedLine): Fields {
    const { bucket, kind, id, op } = line;
    const record = this.records.get(key(kind, id))!;
    if (op === 'remove') return { bucket, kind, id, rev: record.rev, op, why: line.why ?? 'deleted' };
    return { bucket, kind, id, rev: record.rev, op, row: structuredClone(record.fields) };
  }

  /** What a bucket holds now. */
  holds(bucket: string): Stored[] {
    return [...this.records.values()].filter((record) => record.bucket === bucket);
  }

  private digestOf(bucket: string): Fields {
    let xor = 0n;
    for (const { kind, id, rev } of this.holds(bucket)) {
      xor ^= BigInt(`0x${createHash('sha256').update(`${kind}/${id}/${rev}`).digest('hex').slice(0, 16)}`);
    }
    return { count: this.holds(bucket).length, xor: xor.toString(16).padStart(16, '0') };
  }

  private inventory(user: string, body: Fields): Fields {
    const bucket = String(body['bucket']);
    if (!this.bucketsOf(user).includes(bucket)) throw new Turned(403, 'not-permitted');
    const have = new Map((body['have'] as [string, string, number][]).map(([kind, id, rev]) => [key(kind, id), rev]));
    const changes: Json[] = [];
    for (const record of this.holds(bucket)) {
      if (have.get(key(record.kind, record.id)) !== record.rev) {
        changes.push({ bucket, kind: record.kind, id: record.id, rev: record.rev, op: 'put', row: record.fields });
      }
      have.delete(key(record.kind, record.id));
    }
    for (const [gone, rev] of have) {
      const [kind = '', id = ''] = gone.split('/');
      changes.push({ bucket, kind, id, rev, op: 'remove', why: 'scope' });
    }
    return { epoch: this.epoch, feed_head: this.head, changes, more: false };
  }

  // ---- backup --------------------------------------------------------------------------------------------------------
  /** What a backup holds; give it to `restore`. */
  backup(): unknown {
    const { head, records, feed, ledger, devices } = this;
    return structuredClone({ head, records, feed, ledger, devices, stored: this.files.stored });
  }

  restore(backup: unknown): void {
    const { stored, ...rest } = structuredClone(backup) as { stored: Map<string, number> };
    Object.assign(this, rest);
    this.files.stored = stored;
    for (const sha256 of this.files.uploads.keys()) if (!stored.has(sha256)) this.files.uploads.delete(sha256);
    this.epoch = uuid7(this.now());
  }

  private instant(): string { return new Date(this.now()).toISOString(); }
}

interface At { user: string; device: string; seq: number; op_id: string | null; op: Operation | null }

function sideOf(user: string): string { return user === 'dora' ? 'desk' : 'pen'; }

function ackedOf(device: Device): number {
  let acked = 0;
  while (device.results.has(acked + 1)) acked++;
  return acked;
}

function problem(slug: string): Fields {
  return { type: `/problems/${slug}`, title: slug, detail: slug };
}

export function json(status: number, body: Fields): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, text: JSON.stringify(body) };
}

export type { Receipt };
