/* Who sits at this desk, and what she may do. The server's cookie is the truth; nothing is kept here between loads. */
import { computed, readonly, ref } from 'vue'
import { ask, type Answer, type Schema } from '@/api/client'
import { api } from './api'
import { words } from './words'

type SignedIn = Schema<'SignedIn'>

const current = ref<SignedIn | null>(null)

export const user = computed(() => current.value?.user ?? null)
export const session = readonly(current)

/** May the person at this desk do it? The server asks again. */
export function may(permission: string): boolean {
  return current.value?.permissions.includes(permission) ?? false
}

export async function signIn(name: string, password: string): Promise<Answer<SignedIn>> {
  const answer = await ask(api.POST('/api/sign-in', { body: { name, password } }))
  if (answer.ok) current.value = answer.value
  return answer
}

export async function checkSession(): Promise<void> {
  const answer = await ask(api.GET('/api/me'))
  current.value = answer.ok ? answer.value : null
}

export async function signOut(): Promise<void> {
  await ask(api.POST('/api/sign-out'))
  current.value = null
}

/** The language of the screen, kept with the account too. */
export async function changeLanguage(next: 'zh-CN' | 'en'): Promise<void> {
  await words.useLanguage(next)
  if (current.value) await ask(api.PATCH('/api/me', { body: { language: next === 'en' ? 'en' : 'zh' } }))
}

/** Called when the server answers 401 to anything. */
export function sessionEnded(): void {
  current.value = null
}
