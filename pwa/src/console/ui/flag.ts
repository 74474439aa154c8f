/* Yes, no, or not known: how a flag is chosen in a list of words and sent as true, false or null. */
export const FLAG_WORDS = ['', 'yes', 'no'] as const
export type FlagWord = (typeof FLAG_WORDS)[number]

export function wordOf(flag: boolean | null | undefined): FlagWord {
  return flag === true ? 'yes' : flag === false ? 'no' : ''
}

export function flagsOf(words: Record<string, unknown>): Record<string, boolean | null> {
  return Object.fromEntries(Object.entries(words).map(([name, word]) => [name, word === 'yes' ? true : word === 'no' ? false : null]))
}
