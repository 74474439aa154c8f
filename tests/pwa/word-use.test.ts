/* Every text a phone screen asks for is there, and no text is kept that nobody asks for. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import phone from '@/app/i18n/zh-CN'
import link from '@/link/i18n/zh-CN'
import shared from '@/ui/i18n/zh-CN'
import type { Words } from '@/ui/i18n'

const SRC = resolve(import.meta.dirname, '../../pwa/src')

function leaves(words: Words, path = ''): string[] {
  return Object.entries(words).flatMap(([key, value]) => (typeof value === 'string' ? [path + key] : leaves(value, `${path}${key}.`)))
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|vue)$/.test(file) && !/(^|\/)i18n\//.test(file))
const read = (files: string[]) => files.map((file) => readFileSync(join(SRC, file), 'utf8')).join('\n')
const ofPhone = read(sources.filter((file) => !/^(console|link)\//.test(file)))
const everywhere = read(sources)
const keys = new Set([...leaves(phone as Words), ...leaves(shared as Words)])

/** Keys written out: 'a.b' in a call of t or te, or as a value named key, words, label … */
const written = (text: string) => new Set([...text.matchAll(/['`]([a-z_]+(?:\.[A-Za-z0-9_-]+)+)['`]/g)].map((found) => found[1]!))
/** Beginnings of keys put together: `clock.name.${…}` */
const beginnings = (text: string) => [...text.matchAll(/`([a-z_]+\.(?:[a-z_]+\.)*[a-z_]*)\$\{/g)].map((found) => found[1]!)

test('every text that is asked for by name is there', () => {
  const asked = [...ofPhone.matchAll(/\bte?\(\s*'([a-z_]+\.[^']+)'/g)].map((found) => found[1]!)
  expect(asked.filter((key) => !keys.has(key))).toEqual([])
  expect(asked.length).toBeGreaterThan(200)
})

test('every text that is put together has at least one text', () => {
  const asked = [...ofPhone.matchAll(/\bte?\(\s*`([a-z_]+\.(?:[a-z_]+\.)*[a-z_]*)\$\{/g)].map((found) => found[1]!)
  expect(asked.filter((start) => ![...keys].some((key) => key.startsWith(start)))).toEqual([])
})

test('no text of the phone is left over', () => {
  const named = written(everywhere)
  const started = [...beginnings(everywhere), 'waiting.', 'entitlement.', 'category.', 'kind.', 'signature_result.', 'off_site_reason.', 'no_fix_reason.',
    'cause.', 'fix.', 'role.', 'channel.', 'charge.', 'charge_kind.', 'outcome.', 'missing.']
  const unused = leaves(phone as Words).filter((key) => !named.has(key) && !started.some((start) => key.startsWith(start)))
  expect(unused).toEqual([])
})

test('every text of the customer’s page is there, and none is left over', () => {
  const ofLink = read(sources.filter((file) => file.startsWith('link/')))
  const own = leaves(link as Words)
  const known = new Set([...keys, ...own])
  expect([...ofLink.matchAll(/\bte?\(\s*'([a-z_]+\.[^']+)'/g)].map((found) => found[1]!).filter((key) => !known.has(key))).toEqual([])
  const [named, started] = [written(ofLink), beginnings(ofLink)]
  expect(own.filter((key) => !named.has(key) && !started.some((start) => key.startsWith(start)))).toEqual([])
})

test('who pays is put into words in one place', () => {
  const says = sources.filter((file) => /entitlement\.(covered_until|charged_until|ended)'/.test(readFileSync(join(SRC, file), 'utf8')))
  expect(says).toEqual(['workorders/pays-headline.ts'])
})
