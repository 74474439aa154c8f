/* The page's words: shared ones, the phone's (she reads the signed text as on the phone), its own. Chinese first; English
   where her browser asks for it before Chinese, or by the switch. */
import phone from '@/app/i18n/zh-CN'
import { createWords, languageOf, type Language, type Words } from '@/ui/i18n'
import own from './i18n/zh-CN'

export const words = createWords({ ...phone, ...own } as Words, async () => {
  const [shared, ofPhone, ofLink] = await Promise.all([import('@/ui/i18n/en'), import('@/app/i18n/en'), import('./i18n/en')])
  return { ...shared.default, ...ofPhone.default, ...ofLink.default } as Words
})

export function startWords(): Promise<void> {
  return words.useLanguage(localStorage.getItem('fp.language') ? words.chosen : languageAsked(navigator.languages), false)
}

/** The first of the browser's languages that we speak. */
export function languageAsked(languages: readonly string[]): Language {
  return languageOf(languages.find((one) => /^(zh|en)\b/i.test(one)))
}
