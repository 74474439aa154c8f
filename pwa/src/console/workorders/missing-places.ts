/* Where a fact that a decision lacks is entered: the asset's field, the customer's, the work order's own, a contract. */
import type { RouteLocationRaw } from 'vue-router'

export interface Around {
  customerId?: string
  assetIds?: string[]
  workOrderId?: string
}
export interface Place {
  key: string
  to: RouteLocationRaw | null
}

/** The places of missing paths (`$.asset.accepted_on`), in order; `to` null where there is nothing to open yet. */
export function placesOf(paths: string[], around: Around): Place[] {
  return paths.map((path) => {
    const [owner = '', field = ''] = path.replace(/^\$\./, '').split('.')
    return { key: path.replace(/^\$\./, '').replace(/\[\d+\]/g, '').replaceAll('.', '_'), to: placeOf(owner, field, around) }
  })
}

function placeOf(owner: string, field: string, { customerId, assetIds, workOrderId }: Around): RouteLocationRaw | null {
  const asset = assetIds?.[0]
  if ((owner === 'asset' || owner.startsWith('out_of_service')) && asset) return { path: `/assets/${asset}`, query: { edit: field } }
  if (owner === 'customer' && customerId) return { path: `/customers/${customerId}`, query: { edit: field } }
  if (owner === 'letters' && asset) return { path: `/assets/${asset}`, query: { edit: 'contract_id' } }
  if (owner === 'letters' && customerId) return { path: `/customers/${customerId}` }
  if (owner === 'request' && workOrderId) return { path: `/work-orders/${workOrderId}`, query: { edit: field } }
  return null
}
