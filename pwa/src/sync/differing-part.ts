/* Where two texts differ: the common beginning and end stay plain, the middle is marked, numbers and Latin words whole. Pure. */
const OF_A_WORD = /[0-9A-Za-z]/

export interface Marked {
  before: string
  differs: string
  after: string
}

export function differingPart(one: string, other: string): { one: Marked; other: Marked } {
  const a = [...one]
  const b = [...other]
  const most = Math.min(a.length, b.length)
  let start = 0
  while (start < most && a[start] === b[start]) start++
  let end = 0
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const splits = (inner: number, outer: number) => OF_A_WORD.test(a.at(outer) ?? '') && [a, b].some((signs) => OF_A_WORD.test(signs.at(inner) ?? ''))
  while (start > 0 && splits(start, start - 1)) start--
  while (end > 0 && splits(-end - 1, -end)) end--
  const cut = (signs: string[]): Marked => ({
    before: signs.slice(0, start).join(''),
    differs: signs.slice(start, signs.length - end).join(''),
    after: signs.slice(signs.length - end).join(''),
  })
  return { one: cut(a), other: cut(b) }
}
