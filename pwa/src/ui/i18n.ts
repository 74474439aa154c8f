/* One vue-i18n per entry: shared words plus the entry's own; Chinese ships in the entry, English is loaded when chosen.
   Both app/main.ts and console/main.ts call createWords(). */
import { createI18n } from 'vue-i18n'
import shared from './i18n/zh-CN'
import { newest } from './late'
import { speakWith } from './words-now'

export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** A tree of texts; leaves are strings with {placeholders}. */
export interface Words {
  [key: string]: string | Words
}

const KEY = 'fp.language'

export function languageOf(value: string | null | undefined): Language {
  return value?.toLowerCase().startsWith('en') ? 'en' : 'zh-CN'
}

/**
 * own         the entry's Chinese words
 * loadEnglish loads shared and own English words, asked for once
 */
export function createWords(own: Words, loadEnglish: () => Promise<Words>) {
  const i18n = createI18n({
    legacy: false,
    locale: 'zh-CN',
    fallbackLocale: 'zh-CN',
    missingWarn: true,
    messages: { 'zh-CN': { ...shared, ...own } as Words } as Record<string, Words>,
  })

  speakWith(
    (key, named) => i18n.global.t(key, named ?? {}),
    () => languageOf(i18n.global.locale.value),
  )

  const last = newest()

  /** keep: false where nobody chose it (start-up, the account's own language). Of two choices the last one counts. */
  async function useLanguage(next: Language, keep = true): Promise<void> {
    const isHere = i18n.global.availableLocales.includes(next)
    const english = await last(isHere ? Promise.resolve(null) : loadEnglish())
    if (english === undefined) return
    if (english) i18n.global.setLocaleMessage('en', english)
    i18n.global.locale.value = next
    document.documentElement.lang = next
    if (keep) localStorage.setItem(KEY, next)
  }

  return { i18n, useLanguage, chosen: languageOf(localStorage.getItem(KEY)) }
}
