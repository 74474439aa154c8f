import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { isFound, searchText, tokensOf } from '@/workorders/search'

const vectors = JSON.parse(readFileSync(resolve(import.meta.dirname, '../vectors/search.json'), 'utf8')) as {
  tokens: { text: string; expect: string[] }[]
  columns: { parts: (string | null)[]; expect: string }[]
}

test.each(vectors.tokens)('tokens of "$text" are the server’s', ({ text, expect: wanted }) => {
  expect(tokensOf(text)).toEqual(wanted)
})

test.each(vectors.columns)('column of $parts is the server’s', ({ parts, expect: wanted }) => {
  expect(searchText(...parts)).toBe(wanted)
})

const column = searchText('WO-2026-001872', '西南空港管理局', 'FlashSystem 5045', '7XK0-1122', '138 8205 2046')

test.each(['空港', '1872', '001872', 'flash', '7xk01122', '13882052046', '西南 flash'])('%s finds it', (query) => {
  expect(isFound(column, query)).toBe(true)
})

test.each(['', '   ', '南西', 'lash', '机场'])('"%s" does not', (query) => {
  expect(isFound(column, query)).toBe(false)
})
