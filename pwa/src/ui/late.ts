/* Answers that come late: the newest question's is the one that counts, and nobody is led away from where she has gone
   by herself meanwhile. */
import { onBeforeUnmount } from 'vue'
import { useRouter, type RouteLocationRaw } from 'vue-router'

/** Of several questions, one after the other, only the last one's answer counts; the others answer `undefined`. */
export function newest(): <T>(asking: Promise<T>) => Promise<T | undefined> {
  let asked = 0
  return async (asking) => {
    const mine = ++asked
    const answer = await asking
    return mine === asked ? answer : undefined
  }
}

/** `const goOn = onward()` where the wait begins, `await goOn(to)` where it ends: nothing happens if she has gone elsewhere. */
export function useOnward(): () => (to: RouteLocationRaw) => Promise<boolean> {
  const router = useRouter()
  let moves = 0
  onBeforeUnmount(router.beforeEach(() => void moves++))
  return () => {
    const before = moves
    return async (to) => {
      const stays = before === moves
      if (stays) await router.push(to)
      return stays
    }
  }
}
