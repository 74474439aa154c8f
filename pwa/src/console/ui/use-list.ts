/* A list from the server: rows, whether the first ones are still on their way, the problem, more pages, asked again when the query changes. */
import { ref, shallowRef, watch, type Ref } from 'vue'
import type { PathOf } from '@/api/paths'
import { api, type Problem, type Query } from '../api'

export interface Listed<Row> {
  rows: Ref<Row[]>
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
  next_cursor: string | null
  total?: number | null
}

export function useList<Row>(path: PathOf<'get'>, query: () => Query): Listed<Row> {
  const rows = shallowRef<Row[]>([])
  const total = ref<number | null>(null)
  const loading = ref(false)
  const problem = ref<Problem | null>(null)
  const more = ref<string | null>(null)
  const at = ref<Date | null>(null)
  let asked = 0

  async function ask(cursor: string | null): Promise<void> {
    const mine = ++asked
    loading.value = rows.value.length === 0
    const answer = await api.get<Page<Row>>(path, { ...query(), cursor })
    if (mine !== asked) return // a newer question is on its way
    loading.value = false
    problem.value = answer.ok ? null : answer.problem
    if (!answer.ok) return
    rows.value = cursor ? [...rows.value, ...answer.value.rows] : answer.value.rows
    more.value = answer.value.next_cursor
    total.value = answer.value.total ?? null
    at.value = new Date()
  }

  const load = () => ask(null)
  const loadMore = async () => {
    if (more.value) await ask(more.value)
  }
  watch(() => JSON.stringify(query()), load, { immediate: true })
  return { rows, total, loading, problem, more, at, load, loadMore }
}
