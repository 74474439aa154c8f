/* Local search over what the phone holds, with the server's own tokens (backend/core/search.py; both run
   tests/vectors/search.json): Han text as overlapping pairs, words and numbers whole. Pure. */

const HAN = '\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{323af}'
const WORD = `(?:(?![${HAN}])[\\p{L}\\p{N}])+` // a look-ahead, since sets are subtracted on newer phones only
const RUN = new RegExp(`[${HAN}]+|${WORD}`, 'gu')
const IS_HAN = new RegExp(`^[${HAN}]`, 'u')
/** 7XK0-1122, 138 0000 0001: pieces of one number written apart. */
const JOINED = new RegExp(`(?:${WORD}[-./ ]){1,5}${WORD}`, 'gu')

/** One spelling: full-width becomes plain, case is folded (ß too, as Python's casefold does). */
function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('ß', 'ss')
}

/** Tokens in order of appearance, each once: Han pairs (a lone Han by itself), words, numbers. */
export function tokensOf(text: string): string[] {
  const found = new Set<string>()
  for (const [run] of folded(text).matchAll(RUN)) {
    if (!IS_HAN.test(run)) found.add(run)
    else for (const pair of pairsOf(run)) found.add(pair)
  }
  return [...found]
}

function pairsOf(run: string): string[] {
  const signs = [...run]
  return signs.length === 1 ? signs : signs.slice(1).map((sign, i) => signs[i]! + sign)
}

/** What a search column holds: " token token … ", numbers written apart also joined. */
export function searchText(...parts: readonly (string | null | undefined)[]): string {
  const found = new Set<string>()
  for (const part of parts) {
    if (!part) continue
    tokensOf(part).forEach((token) => found.add(token))
    for (const [joined] of folded(part).matchAll(JOINED)) {
      if (/\d/.test(joined)) found.add(joined.replace(/[-./ ]/g, ''))
    }
  }
  return found.size > 0 ? ` ${[...found].join(' ')} ` : ''
}

/** Whether a column answers a query: Han pairs and numbers anywhere, words from their beginning; an empty query never. */
export function isFound(column: string, query: string): boolean {
  const tokens = tokensOf(query)
  return tokens.length > 0 && tokens.every((token) => column.includes(/^\d+$/.test(token) || IS_HAN.test(token) ? token : ` ${token}`))
}
