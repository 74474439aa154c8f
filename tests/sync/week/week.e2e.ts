// A week without network: reports, findings, log lines and photos as the app's own client and definitions make them; then
// sent to the real server. Says how long it took and what an operation weighs; a file in WEEK_KILLER makes the server die.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Fields, HttpRequest, Performing, Transport } from '@fieldpledge/sync-client';
import { fetchTransport } from '@fieldpledge/sync-client/browser';
import { definitionsFor } from '../../../pwa/src/app/definitions';
import { phone } from '../client/engine-kit';
import type { Phone } from '../client/engine-kit';
import { HandClock } from '../client/kit';

interface Given {
  url: string;
  cookie: string;
  user_id: string;
  /** [work order, visit, asset] */
  jobs: [string, string, string][];
  operations: number;
  photos: number;
  /** A JPEG on the disk. */
  picture: string;
  /** The server's master is killed before every nth request; 0: never. */
  kill_every: number;
  pid_file: string;
  report: string;
}

const given = JSON.parse(process.env['WEEK'] ?? '{}') as Given;
const FOUND: Fields = {
  symptom_found: '服务器无法启动，面板二号灯常亮，告警声不停。', cause_category: 'wear', cause_text: '电源模块老化，输出电压偏低。',
  cause_unknown_until: null, fix_category: 'replaced_part', fix_text: '更换电源模块，通电观察半小时正常。', outcome: 'fixed',
  not_fixed_reason: '', next_step: '',
};
const CHANGED = ['symptom_found', 'cause_text', 'fix_text'] as const;

/** The picture with a comment that no other has: other bytes, another hash. */
function picture(): ArrayBuffer {
  const drawn = readFileSync(given.picture);
  const comment = new Uint8Array(20);
  comment.set([0xff, 0xfe, 0x00, 0x12]);
  crypto.getRandomValues(comment.subarray(4));
  const bytes = new Uint8Array(drawn.length + comment.length);
  bytes.set(drawn.subarray(0, 2));
  bytes.set(comment, 2);
  bytes.set(drawn.subarray(2), 2 + comment.length);
  return bytes.buffer;
}

/** Everything that she does: for each job a report with its finding and three edits, the rest lines and photos in turn. */
async function work(ana: Phone): Promise<void> {
  const clock = ana.clock;
  let left = given.operations, photos = given.photos;
  const perform = async (operation: Performing): Promise<void> => {
    clock.pass(47_000 + (left % 7) * 31_000);
    await ana.local.perform(operation);
    left -= 1;
  };
  const findings: [string, string, Fields][] = [];
  for (const [work_order_id, visit_id, asset_id] of given.jobs) {
    const report = ana.local.newId(), finding = ana.local.newId();
    const begun = { work_order_id, visit_id, short_ref: `R-${String(findings.length).padStart(8, '0')}`, language: 'zh' };
    await perform({ type: 'report.start', record: { kind: 'report', id: report }, args: begun });
    const args = { report_id: report, work_order_id, asset_id, ...FOUND };
    await perform({ type: 'finding.add', record: { kind: 'finding', id: finding }, args });
    for (const name of CHANGED) {
      const edit = { [name]: `${String(FOUND[name])}第 ${left} 次检查。` };
      await perform({ type: 'finding.edit', record: { kind: 'finding', id: finding }, args: edit, base: { [name]: FOUND[name] ?? null } });
    }
    findings.push([report, finding, { work_order_id, visit_id }]);
  }
  while (left > 0) {
    const [report_id, finding_id, job] = findings[left % findings.length]!;
    if (photos > 0 && (photos >= left || left % 5 < 3)) {
      photos -= 1;
      const bytes = picture();
      const sha256 = await ana.local.files.put(bytes, 'image/jpeg');
      const args = {
        ...job, report_id, finding_id, sha256, size_bytes: bytes.byteLength, content_type: 'image/jpeg',
        taken_at: new Date(clock.now()).toISOString(), caption: `故障灯 ${left}`,
      };
      await perform({ type: 'photo.add', record: { kind: 'photo', id: ana.local.newId() }, args, files: [sha256] });
    } else {
      const note = `第 ${left} 次检查：散热风扇异响，更换后正常，客户在场。`;
      await perform({ type: 'log_entry.add', record: { kind: 'log_entry', id: ana.local.newId() }, args: { ...job, what: 'note', note } });
    }
  }
}

/** Before every nth request the server's master is killed with -9; whoever started it starts it again. */
function deadly(behind: Transport): Transport {
  let count = 0;
  return {
    async send(request: HttpRequest) {
      count += 1;
      const dies = given.kill_every > 0 && count % given.kill_every === 0;
      const answer = behind.send(request);
      if (dies) {
        answer.catch(() => undefined); // it may fail before anybody waits for it
        await new Promise((resolve) => { setTimeout(resolve, (count * 7) % 40); });
        try { process.kill(Number(readFileSync(given.pid_file, 'utf8')), 'SIGKILL'); } catch { /* dead already */ }
      }
      return answer;
    },
  };
}

/** Gzipped bytes of an operation in a push of a hundred: all of it, and all but the values. */
function weight(body: string): { whole: number; overhead: number } {
  const envelope = JSON.parse(body) as { ops: Fields[] };
  const ops = envelope.ops.slice(0, 100);
  const bare = ops.map(({ args: _args, base: _base, ...rest }) => ({ ...rest, args: {} }));
  const packed = (list: unknown): number => gzipSync(JSON.stringify({ ...envelope, ops: list })).length / ops.length;
  return { whole: packed(ops), overhead: packed(bare) };
}

it('a week without network is sent whole', { timeout: 600_000 }, async () => {
  const transport = fetchTransport(given.url, { cookie: given.cookie, 'x-fieldpledge': '1' });
  const clock = new HandClock();
  clock.wall = Date.now() - 6 * 86_400_000;
  const ana = await phone({ as: () => transport }, { user: given.user_id, clock, definitions: definitionsFor(given.user_id), transport: deadly(transport) });
  for (let round = 0; round < 20 && (await ana.local.context.store.read(['rows'], (tx) => tx.all('rows'))).length === 0; round++) {
    await ana.engine.round();
  }
  await work(ana);
  expect((await ana.local.counts()).unsent).toBeGreaterThan(0);
  const asked = ana.net.sent.length;
  const started = performance.now();
  const until = Date.now() + (given.kill_every > 0 ? 300_000 : 60_000);
  for (;;) {
    await ana.engine.round();
    const files = await ana.local.context.store.read(['files'], (tx) => tx.all('files'));
    if ((await ana.local.counts()).unsent === 0 && files.every((file) => file.state === 'stored')) break;
    if (Date.now() > until) throw new Error(`not sent: ${JSON.stringify([await ana.local.counts(), files[0], ana.net.sent.slice(-3).map((one) => [one.method, one.path])])}`);
    if (given.kill_every > 0) { clock.pass(120_000); await new Promise((resolve) => { setTimeout(resolve, 200); }); }
  }
  const took_ms = performance.now() - started;
  expect((await ana.local.counts()).needs_you).toBe(0);
  const pushed = ana.net.sent.slice(asked).filter((one) => one.path.endsWith('/push'));
  const largest = pushed.map((one) => String(one.body)).sort((a, b) => b.length - a.length)[0] ?? '';
  writeFileSync(given.report, JSON.stringify({ took_ms, requests: ana.net.sent.length, ...weight(largest) }));
});
