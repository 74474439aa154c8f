/* How wrong the phone's clock was at a check-in, in words: seconds, or days where it is far off. */
import { duration } from '@/ui/format'

type Words = (key: string, values?: Record<string, unknown>) => string
const IN_SECONDS_MS = 120_000

/** offset_ms: the phone's clock minus the server's, as a report's view has it; null when nobody knows. */
export function phoneClockText(offset_ms: number | null, t: Words): string {
  if (offset_ms === null) return '—'
  const by_ms = Math.abs(offset_ms)
  const time = by_ms < IN_SECONDS_MS ? t('check_in.seconds', { s: (by_ms / 1000).toFixed(1) }) : duration(by_ms, 'long')
  return t('check_in.offset', { time, way: t(offset_ms > 0 ? 'check_in.fast' : 'check_in.slow') })
}
