/* One record from the server, read again after a change of one's own or elsewhere. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { Answer, Problem } from '@/api/client'
import { newest } from '@/ui/late'

export interface Shown<Body> {
  record: ShallowRef<Body | null>
  problem: Ref<Problem | null>
  load: () => Promise<void>
}

/** `asking` is the request; it is made once by itself, and whenever `load` is called. */
export function useRecord<Body>(asking: () => Promise<Answer<Body>>): Shown<Body> {
  const record = shallowRef<Body | null>(null)
  const problem = ref<Problem | null>(null)
  const last = newest()

  async function load(): Promise<void> {
    const answer = await last(asking())
    if (!answer) return
    problem.value = answer.ok ? null : answer.problem
    if (answer.ok) record.value = answer.value
  }
  void load()
  return { record, problem, load }
}
