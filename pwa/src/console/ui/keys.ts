/* One place for the desk's keys. A key typed into a field is typing, not a command. */
import { onBeforeUnmount, onMounted } from 'vue'

export type Keys = Record<string, (event: KeyboardEvent) => unknown>

/** `{ j: next, 'ctrl+enter': save }` while the component is on screen. */
export function useKeys(keys: Keys): void {
  function pressed(event: KeyboardEvent): void {
    const name = `${event.ctrlKey || event.metaKey ? 'ctrl+' : ''}${event.key.toLowerCase()}`
    const run = keys[name]
    if (!run || event.altKey || event.isComposing || document.querySelector('.el-overlay:not([style*="display: none"])')) return
    if (!name.startsWith('ctrl+') && name !== 'escape' && isTyping(event.target)) return
    event.preventDefault()
    run(event)
  }
  onMounted(() => document.addEventListener('keydown', pressed))
  onBeforeUnmount(() => document.removeEventListener('keydown', pressed))
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
