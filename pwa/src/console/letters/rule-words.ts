/* A row of a letter file in words: each field with its name, durations and words of the format as people read them. */
export type Translate = (key: string, values?: Record<string, unknown>) => string
export type Known = (key: string) => boolean

export interface Said {
  field: string
  words: string
}

const HIDDEN = new Set(['clause', 'clauses', 'id'])
/** Where the words of a field's values stand in the i18n files; a field that is not here is shown as it is written. */
const WORDS: Record<string, string[]> = {
  clock: ['clock.name'], clocks: ['clock.name'], due: ['clock.name', 'rule.word'], channel: ['channel'], priority: ['priority'], cause: ['cause'], kind: ['kind'], category: ['category'], material: ['material'],
  gate: ['gate'], before: ['before'], what: ['owed'], remedies: ['remedy'], labour: ['charge'], parts: ['charge'], call_out: ['charge'], travel: ['charge'], all: ['charge'], reasons: ['spell'], reason: ['rule.word'],
}

/** The fields of a row, in the order of the file. */
export function saidOf(row: Record<string, unknown> | null | undefined, t: Translate, te: Known): Said[] {
  return Object.entries(row ?? {})
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => ({ field: nameOf(name, t, te), words: wordsOf(name, value, t, te) }))
}

function nameOf(name: string, t: Translate, te: Known): string {
  return te(`rule.field.${name}`) ? t(`rule.field.${name}`) : name
}

export function wordsOf(name: string, value: unknown, t: Translate, te: Known): string {
  if (Array.isArray(value)) return value.map((one) => wordsOf(name, one, t, te)).join(t('listed'))
  if (value && typeof value === 'object') {
    if ('zh' in value && 'en' in value) return `${String(value.zh)} / ${String(value.en)}`
    const inner = Object.entries(value).filter(([key]) => !HIDDEN.has(key))
    return inner.map(([key, one]) => `${nameOf(key, t, te)} ${wordsOf(key, one, t, te)}`).join(t('rule.semicolon'))
  }
  const text = String(value ?? '—')
  const key = [...(WORDS[name] ?? []), 'rule.word'].map((space) => `${space}.${text}`).find(te)
  if (key) return t(key)
  const duration = /^(\d+) (min|h|d|months?|years?)$/.exec(text)
  return duration ? t(`rule.unit.${duration[2]!.replace(/s$/, '')}`, { n: duration[1] }) : text
}
