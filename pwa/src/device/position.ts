/* Satellite positions for check-ins: asked for at the tap, waited for 20 s in the background, and picked up later where
   there is signal. Never from the network's address. Whoever wants a fix gets the browser's own numbers, unrounded. */

/** What the browser measured; may hold nonsense, the rule of the check-in judges it. */
export interface Measured {
  lat_e7: number
  lng_e7: number
  accuracy_m: number
  /** instant of the fix by the phone's clock, milliseconds */
  fix_ms: number
}

export type PositionFault = 'denied' | 'unavailable' | 'unsupported'

export const PATIENCE_MS = 20_000
const GOOD_ENOUGH_M = 50
const LATER_MS = 30 * 60_000

export interface Waiting {
  /** Ends the wait; nothing is reported any more. */
  stop(): void
}

/**
 * Waits for the best fix of the next 20 s (at once when it is good), then keeps an ear open for a first one.
 *
 * onFix    called once with the best fix
 * onQuiet  called once after 20 s without any; a later fix still comes by onFix
 */
export function awaitFix(onFix: (fix: Measured) => void, onQuiet: (fault: PositionFault | null) => void): Waiting {
  if (!('geolocation' in navigator)) {
    onQuiet('unsupported')
    return { stop: () => {} }
  }
  let best: Measured | null = null
  let isQuiet = false
  let isOver = false
  let fault: PositionFault | null = null

  const watch = navigator.geolocation.watchPosition(hear, refuse, { enableHighAccuracy: true, maximumAge: 0, timeout: LATER_MS })
  const patience = setTimeout(() => {
    if (best) return deliver(best)
    isQuiet = true
    onQuiet(fault)
  }, PATIENCE_MS)
  const giveUp = setTimeout(stop, LATER_MS)

  function hear(position: GeolocationPosition): void {
    const fix = measuredOf(position)
    if (!best || fix.accuracy_m < best.accuracy_m) best = fix
    if (isQuiet || best.accuracy_m <= GOOD_ENOUGH_M) deliver(best)
  }

  function refuse(error: GeolocationPositionError): void {
    fault = error.code === error.PERMISSION_DENIED ? 'denied' : 'unavailable'
    if (fault !== 'denied' || isQuiet || isOver) return
    clearTimeout(patience) // the answer will not change by waiting
    isQuiet = true
    onQuiet(fault)
  }

  function deliver(fix: Measured): void {
    if (isOver) return
    stop()
    onFix(fix)
  }

  function stop(): void {
    isOver = true
    navigator.geolocation.clearWatch(watch)
    clearTimeout(patience)
    clearTimeout(giveUp)
  }

  return { stop }
}

/** Degrees as 1e-7 integers, accuracy as a whole metre upwards; not-a-number stays what it is. */
export function measuredOf(position: GeolocationPosition): Measured {
  const { latitude, longitude, accuracy } = position.coords
  return {
    lat_e7: Math.round(latitude * 1e7),
    lng_e7: Math.round(longitude * 1e7),
    accuracy_m: accuracy > 0 ? Math.ceil(accuracy) : accuracy,
    fix_ms: position.timestamp,
  }
}

/** Address for the phone's own map application; WGS-84, as stored. */
export function routeAddress(lat_e7: number, lng_e7: number, label: string): string {
  const point = `${(lat_e7 / 1e7).toFixed(6)},${(lng_e7 / 1e7).toFixed(6)}`
  return `geo:${point}?q=${point}(${encodeURIComponent(label)})`
}
