/** What the engineer types to take the phone back: the last four digits of her number; empty when it is not known here. */
export function takeBackDigits(phone: string | undefined): string {
  const digits = (phone ?? '').replace(/\D/g, '')
  return digits.length >= 4 ? digits.slice(-4) : ''
}
