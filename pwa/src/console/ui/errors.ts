/* Where a problem's faults belong: each at its field, in the reader's language. */
import type { Problem } from '@/api/client'

export type FieldErrors = Record<string, string>

export function fieldErrors(problem: Problem, locale: string): FieldErrors {
  const out: FieldErrors = {}
  for (const fault of problem.faults) {
    const field = fault.path.replace(/^\$\.?/, '').replace(/^fields\./, '') || '_'
    out[field] ??= locale === 'en' ? fault.message.en : fault.message.zh
  }
  return out
}
