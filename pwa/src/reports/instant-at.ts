/* The instant of a local time of day in a zone: what a time field at the site means in UTC. */

/** date 2026-11-23, time 15:56 (or 15:56:30), tz an IANA zone → 2026-11-23T07:56:00.000Z */
export function instantAt(date: string, time: string, tz: string): string {
  const wanted = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}.000Z`)
  let guess = wanted - offsetAt(wanted, tz)
  guess = wanted - offsetAt(guess, tz) // a second look across a change of the clocks
  return new Date(guess).toISOString()
}

/** How far a zone's wall clock is ahead of UTC at an instant, in milliseconds. */
function offsetAt(ms: number, tz: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: tz, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(ms)
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - Math.floor(ms / 1000) * 1000
}
