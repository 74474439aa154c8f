/* The words of whichever entry runs, for code outside components (formatting). Set once by createWords(). */
import type { Language } from './i18n'

type Translate = (key: string, named?: Record<string, unknown>) => string

let translate: Translate = (key) => key
let language: () => Language = () => 'zh-CN'

export function speakWith(t: Translate, now: () => Language): void {
  translate = t
  language = now
}

export function t(key: string, named: Record<string, unknown> = {}): string {
  return translate(key, named)
}

export function currentLanguage(): Language {
  return language()
}
