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

export interface GoOn {
  /** Leads on; false, and nothing happens, if she has gone elsewhere. */
  (to: RouteLocationRaw): Promise<boolean>
  /** She is where she was when the wait began. */
  stays(): boolean
}

/** `const goOn = onward()` where the wait begins, `await goOn(to)` where it ends. */
export function useOnward(): () => GoOn {
  const router = useRouter()
  let moves = 0
  onBeforeUnmount(router.beforeEach(() => void moves++))
  return () => {
    const before = moves
    const stays = () => before === moves
    const goOn = async (to: RouteLocationRaw) => {
      if (!stays()) return false
      await router.push(to)
      return true
    }
    return Object.assign(goOn, { stays })
  }
}
