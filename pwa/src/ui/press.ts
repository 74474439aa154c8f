/* One press, one deed: a hand in a glove taps twice, and the button under it may be another by the second tap. */
import { computed, ref, type ComputedRef } from 'vue'

/** A second tap of the same hand comes sooner than this after the first one's deed is done and shown. */
export const SAME_HAND_MS = 300

/** Of all buttons: the next step's stands where the last one's stood, on this screen or the one it led to. */
const isSameHand = ref(false)
let timer: ReturnType<typeof setTimeout> | undefined

export interface Press {
  /** What is pressed now is the same press. */
  busy: ComputedRef<boolean>
  press(work: () => unknown): Promise<void>
}

export function usePress(): Press {
  const isUnderWay = ref(false)
  const busy = computed(() => isUnderWay.value || isSameHand.value)

  async function press(work: () => unknown): Promise<void> {
    if (busy.value) return
    isUnderWay.value = true
    try {
      await work()
    } finally {
      isUnderWay.value = false
      rest()
    }
  }

  return { busy, press }
}

function rest(): void {
  isSameHand.value = true
  clearTimeout(timer)
  timer = setTimeout(() => { isSameHand.value = false }, SAME_HAND_MS)
}
