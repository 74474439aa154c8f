/* One act: sent, said honestly whether it arrived, sent again under the same id. */
import { ref } from 'vue'
import type { Answer } from '@/api/client'
import type { Kept } from './kept'
import { didNotArrive, hear, load, said, token, type View } from './use-link'

export type ActState = 'idle' | 'sending' | 'not_sent' | 'refused'

export function useAct({ form, forget }: Kept) {
  const state = ref<ActState>('idle')
  const words = ref('')

  async function run(asked: Promise<Answer<View>>): Promise<boolean> {
    state.value = 'sending'
    form.isTried = true
    const link = token.value
    const answer = await asked
    if (answer.ok) forget()
    if (link !== token.value) return answer.ok // another job's page by now
    if (answer.ok) {
      hear(answer)
      state.value = 'idle'
      return true
    }
    state.value = didNotArrive(answer.problem) ? 'not_sent' : 'refused'
    words.value = said(answer.problem)
    if (answer.problem.slug === 'link-not-valid') hear(answer)
    else if (answer.problem.status === 409) void load() // somebody was faster: show what stands
    return false
  }

  return { state, words, run }
}
