/* Instants on the desk: the site's zone, or the company's where there is no site. */
import { clockSeconds, clockTime, dayAndTime, localDate } from '@/ui/format'

export const ZONE = 'Asia/Shanghai'

function ms(at: string | number | Date): number {
  return typeof at === 'string' ? Date.parse(at) : Number(at)
}
/** 2026-11-23 15:31:08 */
export function localText(at: string | number | Date, zone = ZONE): string {
  return `${localDate(ms(at), zone)} ${clockSeconds(ms(at), zone)}`
}
/** 15:31 */
export function hourText(at: string | number | Date, zone = ZONE): string {
  return clockTime(ms(at), zone)
}
/** 2026-11-23 */
export function dayText(at: string | number | Date, zone = ZONE): string {
  return localDate(ms(at), zone)
}
/** 15:31 today, else with its day */
export function shortText(at: string, now: number, zone = ZONE): string {
  return dayAndTime(at, zone, now)
}
