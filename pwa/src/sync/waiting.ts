/* What waits to be sent, in the words of the work: one line per thing, photos of one job together, drafts last. */
import type { Local } from '@/app/data'
import type { IconName } from '@/ui/icons'
import { placeOf, saidNumber } from '@/visits/use-visits'
import type { Customer, Site, WorkOrder } from '@/app/records'

export interface WaitingItem {
  key: string
  icon: IconName
  /** key of the words */
  words: string
  count: number
  place: string
  at: number
  bytes: number
}

const ICONS: [RegExp, IconName][] = [
  [/^visit\.depart/, 'route'], [/^visit\.check_in/, 'onsite'], [/^visit\.check_out/, 'offsite'], [/^visit\./, 'check'],
  [/^signature\./, 'pen'], [/^photo\./, 'camera'], [/^part_line\./, 'part'], [/^contact\./, 'phone'], [/^(report|finding)\./, 'file'],
]

export async function waitingOf(local: Local): Promise<WaitingItem[]> {
  const stored = await local.context.store.read(['outbox', 'files', 'drafts'], async (tx) => ({
    operations: (await tx.by('outbox', 'state', ['new', 'tried'])).sort((a, b) => a.seq - b.seq),
    files: await tx.by('files', 'state', ['waiting', 'sending', 'sent', 'refused']),
    drafts: (await tx.all('drafts')).filter((draft) => !draft.is_clean),
  }))
  const fileBytes = new Map(stored.files.map((file) => [file.sha256, Math.max(0, file.size_bytes - file.offset)]))
  const items = new Map<string, WaitingItem>()
  for (const operation of stored.operations) {
    const place = await placeOfRecord(local, operation.record)
    const words = wordsOf(operation.type)
    const key = `${words} ${place}`
    const size = operation.bytes + operation.files.reduce((sum, file) => sum + (fileBytes.get(file) ?? 0), 0)
    operation.files.forEach((file) => fileBytes.delete(file))
    const known = items.get(key)
    if (known) Object.assign(known, { count: known.count + 1, bytes: known.bytes + size })
    else items.set(key, { key, icon: iconOf(operation.type), words, count: 1, place, at: operation.stored_at, bytes: size })
  }
  const alone = stored.files.filter((file) => fileBytes.has(file.sha256)) // their operation is already with the server
  if (alone.length > 0) {
    items.set('files', {
      key: 'files', icon: 'camera', words: 'waiting.files', count: alone.length, place: '',
      at: Math.min(...alone.map((file) => file.stored_at)), bytes: alone.reduce((sum, file) => sum + (fileBytes.get(file.sha256) ?? 0), 0),
    })
  }
  if (stored.drafts.length > 0) {
    items.set('drafts', { key: 'drafts', icon: 'pen', words: 'waiting.drafts', count: stored.drafts.length, place: '', at: Math.min(...stored.drafts.map((draft) => draft.touched_at)), bytes: 0 })
  }
  return [...items.values()]
}

const KNOWN = [
  'visit.seen', 'notice.read', 'visit.accept', 'visit.decline', 'visit.depart', 'visit.check_in', 'visit.check_out', 'signature.add', 'photo.add', 'contact.edit',
  'site.edit', 'asset.edit', 'work_order.edit', 'conflict.settle',
]

function wordsOf(type: string): string {
  if (/^(report|finding|part_line|log_entry)\./.test(type)) return 'waiting.report'
  if (/^visit\.check_in/.test(type)) return 'waiting.visit_check_in'
  return KNOWN.includes(type) ? `waiting.${type.replace('.', '_')}` : 'waiting.other'
}

function iconOf(type: string): IconName {
  return ICONS.find(([pattern]) => pattern.test(type))?.[1] ?? 'file'
}

/** Customer and site of the work order that a record belongs to; empty when it belongs to none. */
export async function placeOfRecord(local: Local, key: string, withNumber = false): Promise<string> {
  const [kind, id] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]
  const fields = (await local.record(kind, id))?.fields
  let orderId = kind === 'work_order' ? id : fields?.work_order_id
  if (!orderId && typeof fields?.visit_id === 'string') orderId = (await local.record('visit', fields.visit_id))?.fields.work_order_id
  if (typeof orderId !== 'string') return ''
  const order = (await local.record<WorkOrder>('work_order', orderId))?.fields
  if (!order) return ''
  if (withNumber) return [saidNumber(order), await placeOfRecord(local, key)].filter(Boolean).join(' ')
  const [customer, site] = await Promise.all([local.record<Customer>('customer', order.customer_id), local.record<Site>('site', order.site_id)])
  return placeOf({ customer: customer && { ...customer.fields, id: customer.id }, site: site && { ...site.fields, id: site.id } } as Parameters<typeof placeOf>[0])
}
