/* Who pays, in one line: the status, and the day on which the warranty ends or has ended. The same at the desk, on the
   phone and behind the customer's link. */

type Words = (key: string, values?: Record<string, unknown>) => string

/** `today` as a date; a warranty that still runs is never said to have ended, whatever is charged beside it, and what is
    free by another clause is not said to be free by a warranty that has ended. */
export function paysHeadline(decided: { status: string; warranty_end?: string | null }, today: string, t: Words): string {
  const { status, warranty_end: date } = decided
  const said = t(`entitlement.${status}`)
  if (!date || status === 'undecided' || status === 'suspended') return said
  if (status === 'covered') return date < today ? said : t('entitlement.covered_until', { date })
  return t(date < today ? 'entitlement.ended' : 'entitlement.charged_until', { status: said, date })
}
