/* The reference that a report has before the server gives it a number: read aloud over a telephone, searchable for ever. */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ' // no 0/O, 1/I/L

/** Eight signs out of the random half of a UUIDv7: R-7K3QX2MF. */
export function shortRef(id: string): string {
  let number = BigInt(`0x${id.replaceAll('-', '').slice(-16)}`)
  let text = ''
  for (let i = 0; i < 8; i++) {
    text += LETTERS[Number(number % BigInt(LETTERS.length))]
    number /= BigInt(LETTERS.length)
  }
  return `R-${text}`
}
