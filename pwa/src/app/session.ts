/* Who works on this phone. Kept locally, so that the app opens without a network; the server is asked when there is one.
   A refused session never closes the app: work goes on, sending waits for the next sign-in. */
import { readonly, ref } from 'vue'
import { keep, kept } from '@/device/kept'
import { ask, type Answer, type Schema } from '@/api/client'
import { newest } from '@/ui/late'
import { api } from './api'

export type User = Schema<'UserOut'>

const KEY = 'user'
const currentUser = ref<User | null>(null)
const mustSignInAgain = ref(false)

export const user = readonly(currentUser)
export const signInNeeded = readonly(mustSignInAgain)

/** Who signed in on this phone last, out of what is kept; before the first screen. */
export function recallUser(): void {
  const value = kept(KEY) as User | null
  currentUser.value = value && typeof value.id === 'string' ? value : null
}

const last = newest()
let leaving: Promise<unknown> = Promise.resolve()

export async function signIn(name: string, password: string): Promise<Answer<User>> {
  await leaving // else its answer, coming late, takes the new session's cookie away
  const answer = await ask(api.POST('/api/sign-in', { body: { name, password } }))
  if (!answer.ok) return answer
  void last(Promise.resolve()) // a look at the session before this one says nothing
  await remember(answer.value.user)
  return { ok: true, value: answer.value.user }
}

/** Asks the server whether the session still holds; no network changes nothing. */
export async function checkSession(): Promise<void> {
  const answer = await last(ask(api.GET('/api/me')))
  if (!answer) return
  if (answer.ok) {
    if (answer.value.user.id === currentUser.value?.id) await remember(answer.value.user)
    else mustSignInAgain.value = true // another user's cookie: her work must not go out under it
  } else if (answer.problem.status === 401) {
    mustSignInAgain.value = true
  }
}

/** Called by sync when the server answers 401. */
export function sessionRefused(): void {
  mustSignInAgain.value = true
}

/** At once, whatever the line is like: the server is told meanwhile. */
export async function signOut(): Promise<void> {
  leaving = ask(api.POST('/api/sign-out'))
  void last(Promise.resolve())
  await keep(KEY, null)
  currentUser.value = null
  mustSignInAgain.value = false
}

async function remember(next: User): Promise<void> {
  await keep(KEY, { ...next })
  currentUser.value = next
  mustSignInAgain.value = false
}
