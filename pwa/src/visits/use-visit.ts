/* One visit with everything its screens show: order, place, people, letter, check-ins, report, signature. */
import type {
  Acknowledgement, Asset, CheckIn, CheckInFix, Company, Contact, Customer, Finding, FormDefinition, Letter, LogEntry, PartLine, Person, Photo, Report, Signature, Site, Visit,
  WorkOrder,
} from '@/app/records'
import { typedInto, useLive, type Fields, type Local, type WithId, withId } from '@/app/data'
import { user } from '@/app/session'
import { deviceZone } from '@/ui/zone'

export interface VisitSheet {
  visit: WithId<Visit>
  order: WithId<WorkOrder>
  customer: WithId<Customer> | null
  site: WithId<Site> | null
  contacts: WithId<Contact>[]
  /** The order's contact, else the site's main one. */
  contact: WithId<Contact> | null
  assets: WithId<Asset>[]
  letters: WithId<Letter>[]
  people: Map<string, Person>
  form: FormDefinition | null
  checkIns: WithId<CheckIn>[]
  /** Of them, those of the engineer who holds this phone. */
  ownCheckIns: WithId<CheckIn>[]
  fixes: WithId<CheckInFix>[]
  log: WithId<LogEntry>[]
  report: WithId<Report> | null
  findings: WithId<Finding>[]
  parts: WithId<PartLine>[]
  photos: WithId<Photo>[]
  signatures: WithId<Signature>[]
  /** What the customer was told before work and answered, oldest first. */
  acknowledgements: WithId<Acknowledgement>[]
  currency: string
  /** What is being typed into the report and its findings, by record key. */
  typed: Map<string, Fields>
  /** Field names per record key that are not sent, conflicting or refused. */
  unsentKeys: Set<string>
  isDetached: boolean
  tz: string
}

export function useVisit(id: () => string) {
  return useLive((local) => sheetOf(local, id()), id)
}

/** The sheet of a visit, or null when this phone does not hold it. */
export async function sheetOf(local: Local, id: string): Promise<VisitSheet | null> {
  const visit = await local.record<Visit>('visit', id)
  if (!visit) return null
  const order = await local.record<WorkOrder>('work_order', visit.fields.work_order_id)
  if (!order) return null
  const [customer, site, contacts] = await Promise.all([
    local.record<Customer>('customer', order.fields.customer_id),
    local.record<Site>('site', order.fields.site_id),
    local.list<Contact>('contact', 'customer_id', order.fields.customer_id),
  ])
  const [letters, people, forms, checkIns, fixes, log, report, acknowledgements, company] = await Promise.all([
    local.all<Letter>('letter'),
    local.all<Person>('user'),
    local.all<FormDefinition>('form'),
    local.list<CheckIn>('check_in', 'visit_id', id),
    local.list<CheckInFix>('check_in_fix', 'visit_id', id),
    local.list<LogEntry>('log_entry', 'work_order_id', order.id),
    local.list<Report>('report', 'visit_id', id),
    local.list<Acknowledgement>('acknowledgement', 'work_order_id', order.id),
    local.all<Company>('company'),
  ])
  const mine = report.map(withId<Report>).find((one) => one.state !== 'withdrawn') ?? null
  const [findings, parts, photos, signatures] = mine
    ? await Promise.all([
        local.list<Finding>('finding', 'report_id', mine.id),
        local.list<PartLine>('part_line', 'report_id', mine.id),
        local.list<Photo>('photo', 'report_id', mine.id),
        local.list<Signature>('signature', 'report_id', mine.id),
      ])
    : [[], [], [], []]
  // the order's equipment, and what she found on site besides
  const assetIds = [...new Set([...order.fields.asset_ids, ...findings.flatMap((finding) => finding.fields.asset_id ?? [])])]
  const assets = await Promise.all(assetIds.map((asset) => local.record<Asset>('asset', asset)))
  const typed = mine ? await typedInto(local, [{ kind: 'report', id: mine.id }, ...findings.map(({ kind, id }) => ({ kind, id }))]) : new Map<string, Fields>()
  const people_at = contacts.map(withId<Contact>)
  const marked = [visit, order, ...contacts, ...findings, ...(report ?? [])]
  return {
    visit: withId<Visit>(visit),
    order: withId<WorkOrder>(order),
    customer: customer ? withId<Customer>(customer) : null,
    site: site ? withId<Site>(site) : null,
    contacts: people_at,
    contact: contactOf(people_at, order.fields),
    assets: assets.flatMap((asset) => (asset ? [withId<Asset>(asset)] : [])),
    letters: letters.map(withId<Letter>).filter((one) => order.fields.letters.some((name) => name.split('@')[0] === one.letter)),
    people: new Map(people.map((one) => [one.id, one.fields])),
    form: forms.map((view) => view.fields).find((form) => form.form === 'fault_report') ?? null,
    checkIns: checkIns.map(withId<CheckIn>).sort(byTap),
    ownCheckIns: checkIns.map(withId<CheckIn>).filter((one) => one.engineer_id === user.value?.id).sort(byTap),
    fixes: fixes.map(withId<CheckInFix>),
    log: log.map(withId<LogEntry>).sort((a, b) => (a.at < b.at ? -1 : 1)),
    report: mine,
    findings: findings.map(withId<Finding>),
    parts: parts.map(withId<PartLine>).filter((part) => !part.voided_at),
    photos: photos.map(withId<Photo>).filter((photo) => !photo.voided_at).sort((a, b) => (a.taken_at < b.taken_at ? -1 : 1)),
    acknowledgements: acknowledgements.map(withId<Acknowledgement>).sort((a, b) => (a.at < b.at ? -1 : 1)),
    currency: company[0]?.fields.currency || 'CNY',
    signatures: signatures.map(withId<Signature>).sort((a, b) => (a.signed_at < b.signed_at ? -1 : 1)),
    typed,
    unsentKeys: new Set(marked.filter((view) => view.marks.unsent.length > 0).map((view) => `${view.kind}/${view.id}`)),
    isDetached: visit.is_detached,
    tz: site?.fields.tz || deviceZone(),
  }
}

function byTap(a: CheckIn, b: CheckIn): number {
  return a.tapped_at < b.tapped_at ? -1 : 1
}

function contactOf(contacts: WithId<Contact>[], order: WorkOrder): WithId<Contact> | null {
  return (
    contacts.find((one) => one.id === order.contact_id) ??
    contacts.find((one) => one.site_id === order.site_id && one.is_main) ??
    contacts.find((one) => one.site_id === order.site_id) ??
    contacts[0] ??
    null
  )
}
