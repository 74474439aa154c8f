/* The engineer's visits with what a line of a list shows. Read over base and overlay; nothing here writes. */
import type { Customer, Site, Visit, WorkOrder } from '@/app/records'
import { useLive, type Local, type WithId, withId } from '@/app/data'
import { user } from '@/app/session'
import { deviceZone } from '@/ui/zone'

export interface VisitLine {
  visit: WithId<Visit>
  order: WithId<WorkOrder>
  customer: WithId<Customer> | null
  site: WithId<Site> | null
  tz: string
}

export const OVER: readonly string[] = ['done', 'futile', 'declined', 'cancelled', 'superseded']

/** All visits of the signed-in engineer, by planned time. */
export function useVisits() {
  return useLive((local) => visitsOf(local, user.value?.id ?? ''))
}

export async function visitsOf(local: Local, engineerId: string): Promise<VisitLine[]> {
  const [visits, orders, customers, sites] = await Promise.all([
    local.list<Visit>('visit', 'engineer_ids', engineerId),
    byId<WorkOrder>(local, 'work_order'),
    byId<Customer>(local, 'customer'),
    byId<Site>(local, 'site'),
  ])
  const own = deviceZone()
  const lines = visits.flatMap((view) => {
    const visit = withId<Visit>(view)
    const order = orders.get(visit.work_order_id)
    if (!order) return [] // its order is still on the way: the pull brings both in one page or the next
    const site = sites.get(order.site_id) ?? null
    return [{ visit, order, customer: customers.get(order.customer_id) ?? null, site, tz: site?.tz || own }]
  })
  return lines.sort((a, b) => (a.visit.planned_from < b.visit.planned_from ? -1 : 1))
}

async function byId<F extends object>(local: Local, kind: string): Promise<Map<string, WithId<F>>> {
  return new Map((await local.all<F>(kind)).map((view) => [view.id, withId<F>(view)]))
}

/** "某某图书馆 · 二楼机房" */
export function placeOf(line: Pick<VisitLine, 'customer' | 'site'>): string {
  const customer = line.customer?.short_name || line.customer?.name || ''
  const site = line.site?.name ?? ''
  return [customer, site === customer ? '' : site].filter(Boolean).join(' · ')
}

/** The number people say: the last digits of the office's number, or the phone's short reference. */
export function saidNumber(order: Pick<WorkOrder, 'number' | 'short_ref'>): string {
  return order.number?.match(/\d+$/)?.[0] ?? order.number ?? order.short_ref ?? ''
}
