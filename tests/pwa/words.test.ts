import { describe, expect, test } from 'vitest'
import phoneEn from '@/app/i18n/en'
import phoneZh from '@/app/i18n/zh-CN'
import linkEn from '@/link/i18n/en'
import linkZh from '@/link/i18n/zh-CN'
import sharedEn from '@/ui/i18n/en'
import sharedZh from '@/ui/i18n/zh-CN'
import type { Words } from '@/ui/i18n'

function leaves(words: Words, path = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : leaves(value, `${path}${key}.`),
  )
}

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort()

describe.each([
  ['shared', sharedZh as Words, sharedEn as Words],
  ['phone', phoneZh as Words, phoneEn as Words],
  ['customer link', linkZh as Words, linkEn as Words],
])('%s words', (_name, zh, en) => {
  test('English says everything that Chinese says, with the same figures in it', () => {
    const chinese = leaves(zh)
    const english = new Map(leaves(en))
    expect([...english.keys()].sort()).toEqual(chinese.map(([key]) => key).sort())
    for (const [key, text] of chinese) {
      for (const form of english.get(key)!.split(' | ')) expect([key, holes(form)]).toEqual([key, holes(text)]) // singular | plural
    }
  })

  test('no text is empty and no Chinese stands in the English', () => {
    for (const [key, text] of leaves(en)) {
      expect(text.trim(), key).not.toBe('')
      expect(text, key).not.toMatch(/\p{Script=Han}/u)
    }
    for (const [key, text] of leaves(zh)) expect(text.trim(), key).not.toBe('')
  })

  test('no exclamation mark, no 请稍候: a calm colleague', () => {
    for (const [key, text] of [...leaves(zh), ...leaves(en)]) expect(text, key).not.toMatch(/[!！]|请稍候/)
  })
})

test('shared and phone words do not overwrite each other', () => {
  const shared = Object.keys(sharedZh)
  expect(Object.keys(phoneZh).filter((key) => shared.includes(key))).toEqual([])
})
