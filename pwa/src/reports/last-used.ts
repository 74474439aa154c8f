/* Picks she used last come first; kept on this phone, worth nothing to anybody else. */
const KEEP = 3

export function lastUsedFirst<Code extends string>(name: string, codes: readonly Code[]): Code[] {
  const used = read(name).filter((one): one is Code => (codes as readonly string[]).includes(one))
  return [...used, ...codes.filter((code) => !used.includes(code))]
}

export function noteUse(name: string, code: string): void {
  const next = [code, ...read(name).filter((one) => one !== code)].slice(0, KEEP)
  localStorage.setItem(keyOf(name), JSON.stringify(next))
}

function read(name: string): string[] {
  try {
    const value = JSON.parse(localStorage.getItem(keyOf(name)) ?? '[]') as unknown
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}

const keyOf = (name: string) => `fp.used.${name}`
