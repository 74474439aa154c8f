/* What an operation wanted to write, as a person at a desk reads it: its own words, without the ids that tie it together. */
type Words = (key: string) => string
type Known = (key: string) => boolean

const TIES = /(_id|_ids|_sha256|_e7)$/

/** args of an operation of this record kind → each field with its name here, or the name it has where none is known. */
export function sentLines(payload: unknown, kind: string | null, t: Words, te: Known): { name: string; value: string }[] {
  const args = (payload as { args?: unknown } | null)?.args
  if (!args || typeof args !== 'object') return []
  return Object.entries(args)
    .filter(([name, value]) => !TIES.test(name) && ['string', 'number', 'boolean'].includes(typeof value) && value !== '')
    .map(([name, value]) => ({ name: nameOf(name, kind, t, te), value: String(value) }))
}

function nameOf(name: string, kind: string | null, t: Words, te: Known): string {
  const key = [`field.${kind}.${name}`, `report.${name}`, `asset.${name}`, `customer.${name}`].find(te)
  return key ? t(key) : name
}
