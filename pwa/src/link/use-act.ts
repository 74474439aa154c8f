/* One act: sent, said honestly whether it arrived, sent again under the same id. */
import { ref } from 'vue'
import type { Answer } from '@/api/client'
import { didNotArrive, hear, load, said, type View } from './use-link'

export type ActState = 'idle' | 'sending' | 'not_sent' | 'refused'

export function useAct(forget: () => void) {
  const state = ref<ActState>('idle')
  const words = ref('')

  async function run(asked: Promise<Answer<View>>): Promise<boolean> {
    state.value = 'sending'
    const answer = await asked
    if (answer.ok) {
      hear(answer)
      forget()
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
