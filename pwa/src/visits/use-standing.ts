/* Where a visit stands, from its sheet; and what a report of it still lacks. */
import { computed } from 'vue'
import { missingOf, type ReportFacts } from '@/reports/rules/complete'
import { nextStepOf, type Step } from './next-step'
import type { VisitSheet } from './use-visit'

/** The clause of a bound letter that asks for a field of the form, or null: the form names clauses, never letters here. */
export function clauseAskingFor(sheet: VisitSheet, name: string): string | null {
  const asked = sheet.form?.fields.find((field) => field.name === name)?.required_by ?? []
  return asked.find((clause) => sheet.letters.some((letter) => letter.clauses.some((one) => one.id === clause))) ?? null
}

export function reportFactsOf(sheet: VisitSheet): ReportFacts {
  const last = sheet.signatures.at(-1) ?? null
  return {
    guidance: String(sheet.typed.get(`report/${sheet.report?.id}`)?.guidance ?? sheet.report?.guidance ?? ''),
    findings: sheet.findings.map((finding) => ({ ...finding, ...sheet.typed.get(`finding/${finding.id}`) })),
    part_lines: sheet.parts,
    signature: last,
    requires: clauseAskingFor(sheet, 'guidance') ? ['guidance'] : [],
  }
}

export function useStanding(sheet: () => VisitSheet | null | undefined) {
  const facts = computed(() => {
    const now = sheet()
    return now ? reportFactsOf(now) : null
  })
  const step = computed<Step>(() => {
    const now = sheet()
    if (!now || !facts.value) return 'over'
    return nextStepOf({
      state: now.visit.state,
      hasCheckedIn: now.checkIns.some((one) => one.direction === 'in'),
      hasReport: now.report !== null,
      report: facts.value,
    })
  })
  const missingToSign = computed(() => (facts.value ? missingOf(facts.value, 'sign') : []))
  const missingToLeave = computed(() => (facts.value ? missingOf(facts.value, 'leave') : []))
  return { facts, step, missingToSign, missingToLeave }
}
