/* Instants and durations as people read them. UTC inside, the site's zone outside; a number and its unit never break. */
import { currentLanguage, t } from './words-now'

const NBSP = '\u00a0'
/** From here on minutes no longer help in a chip: 剩 18 时. */
const COARSE_FROM_H = 12
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(tz: string, kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${currentLanguage()} ${tz} ${kind}`
  let found = formatters.get(key)
  if (!found) {
    const locale = currentLanguage() === 'en' ? 'en-GB' : 'zh-CN'
    try {
      found = new Intl.DateTimeFormat(locale, { ...options, timeZone: tz })
    } catch {
      found = new Intl.DateTimeFormat(locale, options) // a zone this phone does not know: its own is better than none
    }
    formatters.set(key, found)
  }
  return found
}

function millis(at: string | number): number {
  return typeof at === 'number' ? at : Date.parse(at)
}

/** 16:12 */
export function clockTime(at: string | number, tz: string): string {
  return formatter(tz, 'hm', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(millis(at))
}

/** 15:31:08 */
export function clockSeconds(at: string | number, tz: string): string {
  return formatter(tz, 'hms', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(millis(at))
}

/** 2026-11-23 as it is at the site */
export function localDate(at: string | number, tz: string): string {
  const key = `iso ${tz}`
  let found = formatters.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat('en-CA', { timeZone: tz, year: 'numeric', month: '2-digit', day: '2-digit' })
    formatters.set(key, found)
  }
  return found.format(millis(at))
}

/** 11月23日 周一 · Mon 23 Nov */
export function dayName(at: string | number, tz: string): string {
  const day = formatter(tz, 'day', { weekday: 'short', day: 'numeric', month: 'short' })
  if (currentLanguage() === 'en') return day.format(millis(at)).replace(',', '')
  const parts = Object.fromEntries(day.formatToParts(millis(at)).map((part) => [part.type, part.value]))
  return `${parts.month}${/月$/.test(parts.month ?? '') ? '' : '月'}${parts.day}日 ${parts.weekday}`
}

/** 16:12 today; 昨天 17:20; 11-24 09:00 */
export function dayAndTime(at: string | number, tz: string, now: number): string {
  const day = localDate(at, tz)
  const time = clockTime(at, tz)
  if (day === localDate(now, tz)) return time
  if (day === localDate(now - 86_400_000, tz)) return `${t('time.yesterday')}${NBSP}${time}`
  if (day === localDate(now + 86_400_000, tz)) return `${t('time.tomorrow')}${NBSP}${time}`
  return `${day.slice(0, 4) === localDate(now, tz).slice(0, 4) ? day.slice(5) : day}${NBSP}${time}`
}

/** 44 分 · 3 时 10 分 · 2 天 4 时 (44 min, 3 h 10, 2 d 4 h), below one <1 分; `long` for running text: 4 小时 33 分 */
export function duration(ms: number, form: 'short' | 'long' = 'short'): string {
  const minutes = Math.max(0, Math.floor(Math.abs(ms) / 60_000))
  const long = form === 'long' ? '_long' : ''
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  const text =
    minutes < 60
      ? t(minutes === 0 ? 'time.below_minute' : `time.minutes${long}`, { n: minutes })
      : hours >= 48
        ? hours % 24 === 0
          ? t('time.days', { n: hours / 24 })
          : t('time.days_hours', { d: Math.floor(hours / 24), h: hours % 24 })
        : rest === 0 || (form === 'short' && hours >= COARSE_FROM_H)
          ? t(`time.hours${long}`, { n: hours })
          : t(`time.hours_minutes${long}`, { h: hours, m: currentLanguage() === 'en' && !long ? String(rest).padStart(2, '0') : rest })
  return text.replaceAll(' ', NBSP)
}

/** 4 小时前, coarse: the oldest thing not sent. */
export function ago(ms: number): string {
  if (ms < 60_000) return t('time.just_now')
  const hours = Math.floor(ms / 3_600_000)
  const time =
    hours < 1
      ? t('time.minutes_long', { n: Math.floor(ms / 60_000) })
      : hours < 48
        ? t('time.hours_long', { n: hours })
        : t('time.days', { n: Math.floor(hours / 24) })
  return t('time.ago', { time }).replaceAll(' ', NBSP)
}

/** 1.1 MB */
export function bytes(count: number): string {
  if (count < 1_000) return `${count}${NBSP}B`
  if (count < 999_500) return `${Math.max(1, Math.round(count / 1_000))}${NBSP}KB`
  if (count < 999_500_000) return `${(count / 1e6).toFixed(1)}${NBSP}MB`
  return `${(count / 1e9).toFixed(1)}${NBSP}GB`
}

/** 38 米, 1.4 公里 */
export function metres(count: number): string {
  return count < 1_000
    ? `${count}${NBSP}${t('unit.metre')}`
    : `${(count / 1_000).toFixed(count < 100_000 ? 1 : 0)}${NBSP}${t('unit.kilometre')}`
}

/** 30.57862, 103.94718 */
export function degrees(lat_e7: number, lng_e7: number): string {
  return `${(lat_e7 / 1e7).toFixed(5)}, ${(lng_e7 / 1e7).toFixed(5)}`
}

/** 138 0000 0001 */
export function phoneNumber(raw: string): string {
  const digits = raw.replace(/[\s-]/g, '')
  return /^1\d{10}$/.test(digits) ? `${digits.slice(0, 3)} ${digits.slice(3, 7)} ${digits.slice(7)}` : raw
}

/** 3f9a·c21e·70b4: enough of a hash to compare two by eye */
export function shortHash(sha256: string): string {
  return [sha256.slice(0, 4), sha256.slice(4, 8), sha256.slice(8, 12)].join('·')
}
