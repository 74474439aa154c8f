/* The stand-in machine of a work order: owed, lent or back, by what its log says, on this phone perhaps alone so far. */
export interface Lent {
  what: string
  at: string
  voided_at: string | null
  data: Record<string, unknown>
}

export interface Standing {
  state: 'open' | 'handed_out' | 'returned'
  loaner: string
  to: string
  at: string | null
}

/** null where the letter owes none, or the repair was done in time and none was lent. */
export function loanerOf(owed: readonly { what: string; state?: string }[], log: readonly Lent[]): Standing | null {
  const one = owed.find((each) => each.what === 'loaner')
  const lines = log.filter((entry) => !entry.voided_at)
  const out = lines.filter((entry) => entry.what === 'loaner_handed_out').sort((a, b) => (a.at < b.at ? -1 : 1)).at(-1)
  if (out) {
    const back = lines.find((entry) => entry.what === 'loaner_returned' && entry.at >= out.at)
    return { state: back ? 'returned' : 'handed_out', loaner: String(out.data.loaner ?? ''), to: String(out.data.to ?? ''), at: (back ?? out).at }
  }
  return one && one.state !== 'not_needed' ? { state: 'open', loaner: '', to: '', at: null } : null
}
