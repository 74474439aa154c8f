// What she did in a week without network: reports, findings, log lines and photos, made by the app's own client and
// definitions. killed.e2e.ts, slow-link.e2e.ts and week.e2e.ts send it.
import { readFileSync } from 'node:fs';
import type { Fields, Local, Performing, Transport } from '@fieldpledge/sync-client';
import { fetchTransport } from '@fieldpledge/sync-client/browser';
import { dexieStore } from '@fieldpledge/sync-client/dexie';
import { definitionsFor } from '../../../pwa/src/app/definitions';
import { observedOf, phone } from '../client/engine-kit';
import type { Observed } from '../client/engine-kit';
import { HandClock } from '../client/kit';

/** What tests/sync/week/week.py says. */
export interface Week {
  url: string;
  cookie: string;
  user_id: string;
  /** [work order, visit, asset] */
  jobs: [string, string, string][];
  operations: number;
  photos: number;
  /** A JPEG on the disk. */
  picture: string;
  seed: number;
  report: string;
}

export function given<T extends Week = Week>(): T {
  return JSON.parse(process.env['WEEK'] ?? '{}') as T;
}

/** Requests as the app's page sends them, with Ana's session. */
export function wireTo(url: string, { cookie, user_id }: Week): Transport {
  return fetchTransport(url, { cookie, 'x-fieldpledge': '1', 'sync-user': user_id });
}

/** Her phone's database after a week without network: one sync on the first morning, then the work. Answers its clock. */
export async function weekOffline(name: string, week: Week): Promise<HandClock> {
  const clock = new HandClock();
  clock.wall = Date.now() - 6 * 86_400_000;
  const transport = wireTo(week.url, week);
  const { local, engine } = await phone({ as: () => transport }, { clock, store: dexieStore(name), definitions: definitionsFor(week.user_id) });
  for (let round = 0; round < 20 && (await local.all('visit')).length === 0; round++) await engine.round();
  await work(local, clock, week);
  await local.close();
  return clock;
}

const FOUND: Fields = {
  symptom_found: '服务器无法启动，面板二号灯常亮，告警声不停。', cause_category: 'wear', cause_text: '电源模块老化，输出电压偏低。',
  cause_unknown_until: null, fix_category: 'replaced_part', fix_text: '更换电源模块，通电观察半小时正常。', outcome: 'fixed',
  not_fixed_reason: '', next_step: '',
};
const CHANGED = ['symptom_found', 'cause_text', 'fix_text'] as const;

/** For arrival.py: what the phone holds at the end, and its photos. */
export async function heldBy(local: Local, { user_id }: Week): Promise<{ seen: Observed; photos: string[]; photo_bytes: number }> {
  const files = await local.context.store.read(['files'], (tx) => tx.all('files'));
  return {
    seen: await observedOf(local, user_id), photos: files.map(({ sha256 }) => sha256),
    photo_bytes: files.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
  };
}

/** The picture with a comment that no other has: other bytes, another hash. */
function picture(path: string): ArrayBuffer {
  const drawn = readFileSync(path);
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
async function work(local: Local, clock: HandClock, week: Week): Promise<void> {
  let left = week.operations, photos = week.photos;
  const perform = async (operation: Performing): Promise<void> => {
    clock.pass(47_000 + (left % 7) * 31_000);
    await local.perform(operation);
    left -= 1;
  };
  const findings: [string, string, Fields][] = [];
  for (const [work_order_id, visit_id, asset_id] of week.jobs) {
    const report = local.newId(), finding = local.newId();
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
      const bytes = picture(week.picture);
      const sha256 = await local.files.put(bytes, 'image/jpeg');
      const args = {
        ...job, report_id, finding_id, sha256, size_bytes: bytes.byteLength, content_type: 'image/jpeg',
        taken_at: new Date(clock.now()).toISOString(), caption: `故障灯 ${left}`,
      };
      await perform({ type: 'photo.add', record: { kind: 'photo', id: local.newId() }, args, files: [sha256] });
    } else {
      const note = `第 ${left} 次检查：散热风扇异响，更换后正常，客户在场。`;
      await perform({ type: 'log_entry.add', record: { kind: 'log_entry', id: local.newId() }, args: { ...job, what: 'note', note } });
    }
  }
}
