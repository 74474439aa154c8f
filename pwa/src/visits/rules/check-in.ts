/* Was she there? The verdict over a check-in (K-7), judged on the phone at once and by the server again; never a refusal.
   The server's half is backend/visits/rules/check_in.py; both are held together by tests/vectors/check-in.json. */
import geodesic from 'geographiclib-geodesic'

export const DEFAULT_RADIUS_M = 150
const LEAST_ACCURACY_M = 5 // a phone that claims better is believed no better
const COARSE_M = 1_000
const OLD_S = 120

export type VerdictName = 'on_site' | 'uncertain' | 'off_site' | 'no_fix'

/** A position in 1e-7 degrees; `age_s` counts back from the tap and is negative for a fix after it. */
export interface Fix {
  lat_e7: number
  lng_e7: number
  accuracy_m: number
  age_s: number
}

export interface SitePoint {
  lat_e7: number | null
  lng_e7: number | null
  radius_m: number | null
}

export interface Verdict {
  verdict: VerdictName
  distance_m: number | null
  accuracy_m: number | null
  radius_m: number
  /** no_fix: no_position, not_a_number, out_of_range, null_island, bad_accuracy;
      at best uncertain: site_without_point, low_accuracy, old_fix */
  reason: string | null
}

/** Verdict of a position (or none) against the site's point in WGS-84. Vectors: tests/vectors/check-in.json. */
export function judgeCheckIn(fix: Fix | null, site: SitePoint | null): Verdict {
  const radius_m = radiusOf(site)
  const fault = faultOf(fix)
  if (fault !== null || fix === null) return { verdict: 'no_fix', distance_m: null, accuracy_m: null, radius_m, reason: fault }
  const accuracy = Math.max(fix.accuracy_m, LEAST_ACCURACY_M)
  const accuracy_m = whole(accuracy)
  if (site === null || faultOfPoint(site) !== null) {
    return { verdict: 'uncertain', distance_m: null, accuracy_m, radius_m, reason: 'site_without_point' }
  }
  const distance = metresBetween(fix, { lat_e7: site.lat_e7!, lng_e7: site.lng_e7! })
  const verdict = byDistance(distance, accuracy, radius_m)
  const reason = accuracy > COARSE_M ? 'low_accuracy' : Math.abs(fix.age_s) > OLD_S ? 'old_fix' : null
  return {
    verdict: reason !== null && verdict === 'on_site' ? 'uncertain' : verdict,
    distance_m: whole(distance),
    accuracy_m,
    radius_m,
    reason,
  }
}

/** Geodesic metres on WGS-84 between two points in 1e-7 degrees. */
export function metresBetween(one: { lat_e7: number; lng_e7: number }, other: { lat_e7: number; lng_e7: number }): number {
  const found = geodesic.Geodesic.WGS84.Inverse(one.lat_e7 / 1e7, one.lng_e7 / 1e7, other.lat_e7 / 1e7, other.lng_e7 / 1e7)
  return found.s12 ?? Number.NaN
}

function byDistance(distance: number, accuracy: number, radius_m: number): VerdictName {
  if (distance + accuracy <= radius_m) return 'on_site'
  return distance - accuracy > radius_m ? 'off_site' : 'uncertain'
}

/** Why a fix cannot be used, or null. */
function faultOf(fix: Fix | null): string | null {
  if (fix === null) return 'no_position'
  const point = faultOfPoint(fix)
  if (point !== null) return point
  if (!isNumber(fix.accuracy_m) || !isNumber(fix.age_s)) return 'not_a_number'
  return fix.accuracy_m <= 0 ? 'bad_accuracy' : null
}

function faultOfPoint(point: { lat_e7: unknown; lng_e7: unknown }): string | null {
  const { lat_e7, lng_e7 } = point
  if (!isNumber(lat_e7) || !isNumber(lng_e7)) return 'not_a_number'
  if (Math.abs(lat_e7) > 90e7 || Math.abs(lng_e7) > 180e7) return 'out_of_range'
  return lat_e7 === 0 && lng_e7 === 0 ? 'null_island' : null
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function radiusOf(site: SitePoint | null): number {
  const radius = site?.radius_m
  return isNumber(radius) && radius > 0 ? whole(radius) : DEFAULT_RADIUS_M
}

/** Nearest whole metre, halves up, as the server rounds. */
function whole(metres: number): number {
  return Math.floor(metres + 0.5)
}
