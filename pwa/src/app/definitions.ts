/* What sync needs to know of our records: how they are listed, what hangs on what, and what each operation shows at once.
   The engine itself knows none of these words. Reducers are pure; the server decides again with its own rules. */
import { assigns, defineKinds, defineOperations, inserts, settlesConflict } from '@fieldpledge/sync-client'
import type { Definitions, Done, Fields, OperationDefinition, RecordRef } from '@fieldpledge/sync-client'

/** Raise when kinds or fields are added: the pull starts over once. */
const SCHEMA = 2

const kinds = defineKinds({
  customer: {},
  contact: { index: ['customer_id', 'site_id'], parents: { customer_id: 'customer' }, edit: 'contact.edit' },
  site: { index: ['customer_id'], parents: { customer_id: 'customer' }, edit: 'site.edit' },
  asset: { index: ['customer_id', 'site_id'], parents: { site_id: 'site' }, edit: 'asset.edit' },
  work_order: {
    index: ['site_id', 'asset_ids', 'state'],
    parents: { customer_id: 'customer', site_id: 'site', contact_id: 'contact', asset_ids: 'asset' },
    edit: 'work_order.edit',
  },
  visit: { index: ['work_order_id', 'engineer_ids'], parents: { work_order_id: 'work_order' } },
  check_in: { index: ['visit_id', 'work_order_id'], parents: { visit_id: 'visit' } },
  check_in_fix: { index: ['check_in_id', 'visit_id'], parents: { visit_id: 'visit' } },
  report: { index: ['work_order_id', 'visit_id'], parents: { work_order_id: 'work_order', visit_id: 'visit' }, edit: 'report.edit' },
  finding: { index: ['report_id', 'asset_id'], parents: { report_id: 'report', asset_id: 'asset' }, edit: 'finding.edit' },
  part_line: { index: ['report_id', 'finding_id'], parents: { report_id: 'report', finding_id: 'finding' } },
  photo: { index: ['report_id', 'visit_id', 'work_order_id'], parents: { work_order_id: 'work_order', report_id: 'report' } },
  signature: { index: ['report_id', 'visit_id'], parents: { report_id: 'report' } },
  acknowledgement: { index: ['work_order_id', 'visit_id'], parents: { work_order_id: 'work_order', visit_id: 'visit' } },
  log_entry: { index: ['work_order_id', 'visit_id'], parents: { work_order_id: 'work_order' } },
  letter: { index: ['letter'] },
  user: {},
  form: { index: ['form'] },
  company: {},
  notice: {},
})

/** An operation on another kind of record than the one whose screen it changes. */
const visitOf = ({ args }: Done): RecordRef[] => (typeof args.visit_id === 'string' ? [{ kind: 'visit', id: args.visit_id }] : [])
const checkInOf = ({ args }: Done): RecordRef[] =>
  typeof args.check_in_id === 'string' ? [{ kind: 'check_in', id: args.check_in_id }] : []
const reportOf = ({ args }: Done): RecordRef[] =>
  typeof args.report_id === 'string' ? [{ kind: 'report', id: args.report_id }] : []

/** The report of a record as the screen showed it: an edit names its own record only. */
const reportSeen = ({ args, seen }: Done): RecordRef[] => {
  const id = args.report_id ?? seen?.report_id
  return typeof id === 'string' ? [{ kind: 'report', id }] : []
}

/** What was signed changes: the signature stays with its version, the report becomes the next one (K-8). */
function unsigned(row: Fields | undefined): Fields | undefined {
  if (!row || row.signature_id === null || row.signature_id === undefined) return row
  return { ...row, signature_id: null, version: Number(row.version ?? 1) + 1 }
}

/** An operation on a record of the report that changes what the customer would sign. */
function signedPart(kind: string, own: OperationDefinition['apply']): OperationDefinition {
  return { touches: reportSeen, apply: (row, done, record) => (record.kind === kind ? own(row, done, record) : unsigned(row)) }
}

/** A transition as the phone shows it until the server has decided. */
function becomes(state: string): OperationDefinition['apply'] {
  return (row) => row && { ...row, state }
}

/** A fact of its own kind, made from the arguments and what the phone already knows; the server's row wins once there. */
function fact(kind: string, extra: (done: Done) => Fields, others: OperationDefinition['apply'] = (row) => row) {
  return (row: Fields | undefined, done: Done, record: RecordRef): Fields | undefined =>
    record.kind === kind ? { ...extra(done), ...done.args, ...row } : others(row, done, record)
}

/** The operations of one user: her id stands in the facts she makes, as the server will write it. */
function operationsOf(userId: string) {
  const checkIn = (direction: 'in' | 'out') => (done: Done): Fields => ({
    direction, tapped_at: done.occurred_at, corrected_at: null, engineer_id: userId, reason_code: null, reason_text: '',
    server_verdict: null, flags: [],
  })
  return defineOperations({
    'work_order.edit': { apply: assigns },
    'contact.edit': { apply: assigns },
    'site.edit': { apply: assigns },
    'asset.edit': { apply: assigns },
    'asset.add': { apply: (row, { args }) => ({ customer_id: null, brand: '', model: '', serial: '', place: '', stores_data: null, accepted_on: null, ...args, ...row }) },
    'visit.seen': { apply: (row) => row && { ...row, seen_by: [...((row.seen_by as string[] | undefined) ?? []), userId] } },
    'visit.accept': { apply: becomes('accepted') },
    'visit.decline': { apply: becomes('declined') },
    'visit.depart': { apply: becomes('travelling') },
    'visit.check_in': { touches: visitOf, apply: fact('check_in', checkIn('in'), becomes('on_site')) },
    'visit.check_out': {
      touches: visitOf,
      apply: fact('check_in', checkIn('out'), (row, { args }) => row && { ...row, state: args.futile === true ? 'futile' : 'done' }),
    },
    'visit.check_in_fix': {
      touches: checkInOf,
      apply: fact('check_in_fix', () => ({ server_verdict: null, flags: [] }), (row, { args }) =>
        row && { ...row, phone_verdict: args.phone_verdict ?? null, fix: fixIn(args) }),
    },
    'visit.check_in_reason': {
      touches: checkInOf,
      apply: fact('log_entry', (done) => ({ what: 'note', at: done.occurred_at, author_id: userId, note: '', data: {}, voided_at: null }),
        (row, { args }) => row && { ...row, reason_code: args.reason_code ?? null, reason_text: args.reason_text ?? '' }),
    },
    'report.start': {
      apply: (row, { args }) => ({
        state: 'draft', version: 1, number: null, guidance: '', author_id: userId, signature_id: null, comments: [],
        submitted_at: null, sent_for_repair_on: null, repair_count: null, handed_over_on: null, ...args, ...row,
      }),
    },
    'report.edit': { apply: (row, done, record) => assigns(unsigned(row), done, record) },
    'report.submit': { apply: (row, done) => row && { ...row, state: 'submitted', submitted_at: done.occurred_at } },
    'finding.add': signedPart('finding', inserts),
    'finding.edit': signedPart('finding', assigns),
    'part_line.add': signedPart('part_line', (row, { args }) => ({ voided_at: null, ...args, ...row })),
    'part_line.void': signedPart('part_line', voids),
    'photo.add': { apply: (row, { args }) => ({ voided_at: null, ...args, ...row }) },
    'photo.void': signedPart('photo', voids),
    'signature.add': {
      touches: reportOf,
      apply: fact('signature', (done) => ({ signed_at: done.occurred_at }), (row, { record }) => row && { ...row, signature_id: record.id }),
    },
    'acknowledgement.add': {
      apply: (row, { args, occurred_at }) => ({ at: occurred_at, author_id: userId, flags: [], ...args, ...row }),
    },
    'log_entry.add': {
      apply: (row, { args, occurred_at }) => ({ at: occurred_at, author_id: userId, note: '', data: {}, voided_at: null, ...args, ...row }),
    },
    'log_entry.void': { apply: voids },
    'notice.read': { apply: (row, { occurred_at }) => row && { ...row, read_at: row.read_at ?? occurred_at } },
    'conflict.settle': settlesConflict,
    'stuck_operation.hand_over': { apply: becomes('handed_over') },
  })
}

function voids(row: Fields | undefined, done: Done): Fields | undefined {
  return row && { ...row, voided_at: done.occurred_at }
}

function fixIn(args: Fields): Fields {
  return { lat_e7: args.lat_e7 ?? null, lng_e7: args.lng_e7 ?? null, accuracy_m: args.accuracy_m ?? null, fix_at: args.fix_at ?? null }
}

export function definitionsFor(userId: string): Definitions {
  return { schema: SCHEMA, kinds, operations: operationsOf(userId) }
}
