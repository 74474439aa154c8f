/* Local search over what the phone holds: Han bigrams and Latin words, as the server's tokeniser cuts them. Pure. */

/** Tokens of a text: Latin words and figures in lower case, Han as single signs and pairs. */
export function tokensOf(text: string): string[] {
  const found: string[] = []
  for (const run of text.normalize('NFKC').toLowerCase().matchAll(/\p{Script=Han}+|[\p{L}\p{N}]+/gu)) {
    const word = run[0]
    if (!/\p{Script=Han}/u.test(word)) {
      found.push(word)
      continue
    }
    const signs = [...word]
    for (const [i, sign] of signs.entries()) {
      found.push(sign)
      if (i > 0) found.push(signs[i - 1]! + sign)
    }
  }
  return found
}

/** How well texts answer a query: 0 unless every part of it is found; beginnings of Latin words count. */
export function scoreOf(query: string, texts: readonly string[]): number {
  const wanted = queryTokens(query)
  if (wanted.length === 0) return 0
  const plain = texts.join('\n').normalize('NFKC').toLowerCase()
  const tokens = tokensOf(plain)
  const squeezed = plain.replace(/[\s-]/g, '')
  let score = 0
  for (const token of wanted) {
    if (tokens.includes(token)) score += 2
    else if (tokens.some((one) => one.startsWith(token)) || squeezed.includes(token)) score += 1
    else return 0
  }
  return score
}

/** Of a query's Han runs the pairs decide; a single sign stands for itself. */
function queryTokens(query: string): string[] {
  const runs = query.normalize('NFKC').toLowerCase().match(/\p{Script=Han}+|[\p{L}\p{N}]+/gu) ?? []
  return runs.flatMap((run) => {
    if (!/\p{Script=Han}/u.test(run)) return [run]
    const signs = [...run]
    return signs.length === 1 ? signs : signs.slice(1).map((sign, i) => signs[i]! + sign)
  })
}
