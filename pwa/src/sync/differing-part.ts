/* Where two texts differ: the common beginning and end stay plain, the middle is marked. Pure. */
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
  const cut = (signs: string[]): Marked => ({
    before: signs.slice(0, start).join(''),
    differs: signs.slice(start, signs.length - end).join(''),
    after: signs.slice(signs.length - end).join(''),
  })
  return { one: cut(a), other: cut(b) }
}
