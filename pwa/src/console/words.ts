/* The console's languages: Chinese at once, English when chosen. */
import { createWords, type Words } from '@/ui/i18n'
import own from './i18n/zh-CN'

export const words = createWords(own, async () => {
  const [shared, english] = await Promise.all([import('@/ui/i18n/en'), import('./i18n/en')])
  return { ...shared.default, ...english.default } as Words
})

/** For code outside components: the text of a key in the language shown now. */
export const t = words.i18n.global.t
