/* The arrow at the top left: one level up, never in circles. Where she came from is above, it is history's own step back;
   after a kill, or from a screen beside, it is the level above in place of this one. */
import type { Router } from 'vue-router'

const LISTS = /^\/(week|open|search|notices)?(\?.*)?$/

/** Up to `parent`. `isAbove` says which screen before this one counts as above it. */
export function up(router: Router, parent: string, isAbove: (path: string) => boolean = (path) => path === parent): void {
  const { back } = router.options.history.state
  if (typeof back === 'string' && isAbove(back)) router.back()
  else void router.replace(parent)
}

/** Up from a visit: to the list she chose it from, else to today. */
export function upToList(router: Router): void {
  up(router, '/', (path) => LISTS.test(path))
}
