/* Light, dark or sunlight: chosen by one tap, kept on this phone, followed from the system until then. */
import { ref, readonly } from 'vue'

export const THEMES = ['light', 'dark', 'sunlight'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'fp.theme'
const current = ref<Theme>(themeOf(document.documentElement.dataset.theme))
export const theme = readonly(current)

export function chooseTheme(next: Theme): void {
  current.value = next
  localStorage.setItem(KEY, next)
  applyTheme()
}

/** Puts the theme on <html> and colours the system's bar with the ground it stands on. */
export function applyTheme(): void {
  const root = document.documentElement
  root.dataset.theme = current.value
  const ground = getComputedStyle(root).getPropertyValue('--fp-ground').trim()
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', ground)
}

function themeOf(value: string | undefined): Theme {
  return THEMES.find((one) => one === value) ?? 'light'
}
