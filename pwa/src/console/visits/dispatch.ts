/* What dispatching reads: engineers with their reasons, visits of a week. */
import type { ComposerTranslation } from 'vue-i18n'
import type { Both, Clock } from '../types'

export interface EngineerReason {
  code: string
  is_good: boolean
  text: Both
}
export interface EngineerRow {
  id: string
  name: string
  skills: string[]
  phone: string
  last_seen_at: string | null
  distance_m: number | null
  today: { id: string; planned_from: string; state: string }[]
  load: { on: string; visits: number; minutes: number }[]
  reasons: EngineerReason[]
}
export interface WeekVisit {
  id: string
  work_order_id: string
  number: string | null
  clocks: Clock[]
  state: string
  planned_from: string
  planned_until: string | null
  engineer_ids: string[]
  lead_id: string
  customer_name: string
  site_name: string
  note: string
}

/** 1.4 km, 380 m or a dash: from the last accepted check-in to the site, as the crow flies. */
export function distanceText(distance_m: number | null, t: ComposerTranslation): string {
  if (distance_m === null) return '—'
  return distance_m < 1000 ? t('dispatch.metres', { n: Math.round(distance_m / 10) * 10 }) : t('dispatch.kilometres', { n: (distance_m / 1000).toFixed(distance_m < 10_000 ? 1 : 0) })
}
