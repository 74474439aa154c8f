/* What is typed at a desk and not saved yet: kept in this browser at every key, for this person, until the server has it
   or she drops it. A closed tab or a reload loses nothing. */
import { user } from '../session'

const PREFIX = 'fp.console.draft.'

function keyOf(name: string): string {
  return `${PREFIX}${user.value?.id ?? ''}.${name}`
}

/** What was typed under this name, or null. */
export function keptDraft<T>(name: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(keyOf(name)) ?? 'null') as T | null
  } catch {
    return null
  }
}

export function keepDraft(name: string, value: object): void {
  localStorage.setItem(keyOf(name), JSON.stringify(value))
}

export function dropDraft(name: string): void {
  localStorage.removeItem(keyOf(name))
}
