/* How dispatching says a distance. */
import type { ComposerTranslation } from 'vue-i18n'

/** 1.4 km, 380 m or a dash: from the last accepted check-in to the site, as the crow flies. */
export function distanceText(distance_m: number | null, t: ComposerTranslation): string {
  if (distance_m === null) return '—'
  return distance_m < 1000 ? t('dispatch.metres', { n: Math.round(distance_m / 10) * 10 }) : t('dispatch.kilometres', { n: (distance_m / 1000).toFixed(distance_m < 10_000 ? 1 : 0) })
}
