/* When a device's clock is so wrong that a person should know (M-62): ten minutes. */
export const CLOCK_OFF_MS = 600_000

/** offset_ms: server minus device. null while the clock is good enough or nothing is known. */
export function clockOff(offset_ms: number | null): { way: 'slow' | 'fast'; by_ms: number } | null {
  if (offset_ms === null || Math.abs(offset_ms) <= CLOCK_OFF_MS) return null
  return { way: offset_ms > 0 ? 'slow' : 'fast', by_ms: Math.abs(offset_ms) }
}

/** What stands beside a log entry's time: what the phone's clock said where it was wrong, and how sure the time is. */
export function timeOf(entry: { at: string; corrected_at: string; quality: string; source: string }): { said: string | null; unsure: 'fair' | 'poor' | null } {
  const off = entry.source === 'phone' && clockOff(Date.parse(entry.corrected_at) - Date.parse(entry.at)) !== null
  return { said: off ? entry.at : null, unsure: entry.quality === 'fair' || entry.quality === 'poor' ? entry.quality : null }
}
