/* A list from the server: rows, whether the first ones are still on their way, the problem, more pages; asked again when the
   query changes, and when anything changes at the server as long as she reads its first page. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Answer, Problem } from '@/api/client'
import { newest } from '@/ui/late'
import { whenChanged } from './changes'

export interface Listed<Row> {
  rows: ShallowRef<Row[]>
  total: Ref<number | null>
  loading: Ref<boolean>
  problem: Ref<Problem | null>
  more: Ref<string | null>
  at: Ref<Date | null>
  load: () => Promise<void>
  loadMore: () => Promise<void>
}
interface Page<Row> {
  rows: Row[]
  next_cursor?: string | null
  total?: number
}

/** `ask` is given the query and, for a further page, its cursor. */
export function useList<Query extends object, Row>(query: () => Query, ask: (query: Query & { cursor?: string }) => Promise<Answer<Page<Row>>>): Listed<Row> {
  const rows = shallowRef<Row[]>([])
  const total = ref<number | null>(null)
  const loading = ref(false)
  const problem = ref<Problem | null>(null)
  const more = ref<string | null>(null)
  const at = ref<Date | null>(null)
  const last = newest()
  let isFirst = true

  async function page(cursor?: string, isByItself = false): Promise<void> {
    isFirst = !cursor
    loading.value = rows.value.length === 0
    const answer = await last(ask({ ...query(), cursor }))
    if (!answer) return
    if (isByItself && !answer.ok && rows.value.length) return // she did not ask; what she reads stays
    loading.value = false
    problem.value = answer.ok ? null : answer.problem
    if (!answer.ok) return
    rows.value = cursor ? [...rows.value, ...answer.value.rows] : answer.value.rows
    more.value = answer.value.next_cursor ?? null
    total.value = answer.value.total ?? null
    at.value = new Date()
  }

  const load = () => page()
  const loadMore = async () => {
    if (more.value) await page(more.value)
  }
  watch(() => JSON.stringify(query()), load, { immediate: true })
  whenChanged(() => isFirst && page(undefined, true))
  return { rows, total, loading, problem, more, at, load, loadMore }
}
