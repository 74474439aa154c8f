/* Times for the desk: clock hands of the site's zone, spans in words. `now` is handed in and moves once a minute. */
import { onBeforeUnmount, readonly, ref, type Ref } from 'vue'

/** The present minute as a ref; every clock on the page moves with it, once a minute. */
export function useNow(): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 20_000)
  onBeforeUnmount(() => clearInterval(timer))
  return readonly(now)
}

const ZONE = 'Asia/Shanghai'
const parts = new Map<string, Intl.DateTimeFormat>()

function format(zone: string): Intl.DateTimeFormat {
  let found = parts.get(zone)
  if (!found) {
    found = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    parts.set(zone, found)
  }
  return found
}

/** 2026-11-23 15:31:08 in the zone. */
export function localText(instant: string | number | Date, zone = ZONE): string {
  return format(zone).format(new Date(instant))
}
/** 15:31 in the zone. */
export function hourText(instant: string | number | Date, zone = ZONE): string {
  return localText(instant, zone).slice(11, 16)
}
/** 2026-11-23 in the zone. */
export function dayText(instant: string | number | Date, zone = ZONE): string {
  return localText(instant, zone).slice(0, 10)
}
/** 15:31, or 11-24 15:31 when it is another day than `now`. */
export function shortText(instant: string, now: number, zone = ZONE): string {
  return dayText(instant, zone) === dayText(now, zone) ? hourText(instant, zone) : localText(instant, zone).slice(5, 16)
}
