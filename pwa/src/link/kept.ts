/* What she typed stays on her phone until the server has it, under the work order's number: the link itself is not kept. */
import { reactive, watch } from 'vue'
import { uuid7 } from '@fieldpledge/sync-client'
import { view } from './use-link'

export interface Kept<T = unknown> {
  form: T & { id: string; isTried: boolean }
  forget(): void
}

/** A form's fields, kept at each change. `id` is made once: sent twice, it counts once. What she changes after it was
    sent, perhaps without having arrived, is another act: the server must not take it for the first. */
export function useKept<T extends Record<string, unknown>>(name: string, empty: () => T): Kept<T> {
  const key = `fp.c.${view.value?.number ?? ''}.${name}`
  const fresh = () => ({ ...empty(), id: uuid7(Date.now()), isTried: false })
  const form = reactive({ ...fresh(), ...read<T>(key) }) as unknown as Kept<T>['form']
  const said = () => JSON.stringify({ ...form, id: '', isTried: false })
  watch(said, () => form.isTried && Object.assign(form, { id: uuid7(Date.now()), isTried: false }), { flush: 'sync' })
  watch(form, () => keep(key, form), { flush: 'sync' })
  function forget(): void {
    Object.assign(form, fresh())
    drop(key)
  }
  return { form, forget }
}

function read<T>(key: string): Partial<T> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<T>
  } catch {
    return {}
  }
}

function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // no room, or forbidden: the page still holds it
  }
}

function drop(key: string): void {
  try {
    localStorage.removeItem(key)
  } catch {
    // forbidden: nothing was kept either
  }
}
