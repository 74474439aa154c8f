/* The charges a customer is told, from what the letters and the price list decided. The server's half is
   backend/acknowledgements/rules/told.py, on tests/vectors/acknowledgement.json. Pure. */
import type { ChargeTold, Money } from '@/app/records'

const KINDS = ['labour', 'parts', 'call_out', 'travel']

/** As much of a quote's line as telling needs. */
export interface QuotedLine {
  kind: string
  per: string | null
  unit_amount: Money | null
  amount: Money | null
  clause: string | null
  quantity?: number | null
  counted?: string | null
}

/** One line a kind, with the quoted price for one unit, or the sum where several parts are named or hours and
    kilometres are counted; undecided kinds left out. */
export function toldOf(charges: Record<string, string | null>, quote: { lines: readonly QuotedLine[] } | null | undefined): ChargeTold[] {
  return KINDS.flatMap((kind): ChargeTold[] => {
    const charge = charges[kind] ?? null
    if (charge === null) return []
    const lines = (quote?.lines ?? []).filter((line) => line.kind === kind)
    const told = { kind, charge, per: null, amount: null, clause: lines[0]?.clause ?? null }
    const [only] = lines
    if (charge === 'free' || !only) return [told]
    if (lines.length === 1 && (only.quantity || 1) === 1 && !only.counted) return [{ ...told, per: only.per, amount: only.unit_amount ?? only.amount }]
    return [{ ...told, amount: sumOf(lines.map((line) => line.amount)) }]
  })
}

/** The sum of amounts of one currency, with two decimals; null where one is not known. */
function sumOf(amounts: readonly (Money | null)[]): Money | null {
  const known = amounts.filter((amount) => amount !== null)
  const currency = known[0]?.currency
  if (known.length < amounts.length || !currency || known.some((amount) => amount.currency !== currency)) return null
  const cents = known.reduce((sum, amount) => sum + centsOf(amount.amount), 0n)
  return { amount: `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`, currency }
}

function centsOf(amount: string): bigint {
  const [whole = '0', part = ''] = amount.split('.')
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, '0').slice(0, 2))
}

/** A price as somebody types it (¥1,200 · 1200.5) as an amount; null when it is none. */
export function typedAmount(text: string, currency: string): Money | null {
  const plain = text.replace(/[\s,，¥￥$€]/g, '')
  return /^\d{1,9}(\.\d{1,2})?$/.test(plain) ? { amount: plain.includes('.') ? plain.padEnd(plain.indexOf('.') + 3, '0') : `${plain}.00`, currency } : null
}
