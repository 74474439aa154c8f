/* Where a visit stands, from its sheet; and what a report of it still lacks. */
import { computed } from 'vue'
import { missingOf, type ReportFacts } from '@/reports/rules/complete'
import { nextStepOf, type Step } from './next-step'
import type { VisitSheet } from './use-visit'

/** The field's clause when a letter of this order asks for it (which one is said by the form, not here); else null. */
export function clauseAskingFor(sheet: VisitSheet, name: string): string | null {
  const field = sheet.form?.fields.find((one) => one.name === name)
  const isAsked = sheet.order.letters.some((letter) => field?.required_by?.includes(letter.split('@')[0] ?? ''))
  return isAsked ? (field?.clause ?? '') : null
}

export function reportFactsOf(sheet: VisitSheet): ReportFacts {
  // a signature counts for the version it was given for: a later change of the signed part asks again
  const current = sheet.signatures.find((one) => one.id === sheet.report?.signature_id) ?? null
  return {
    guidance: String(sheet.typed.get(`report/${sheet.report?.id}`)?.guidance ?? sheet.report?.guidance ?? ''),
    findings: sheet.findings.map((finding) => ({ ...finding, ...sheet.typed.get(`finding/${finding.id}`) })),
    part_lines: sheet.parts,
    signature: current,
    requires: clauseAskingFor(sheet, 'guidance') === null ? [] : ['guidance'],
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
      hasCheckedIn: now.ownCheckIns.some((one) => one.direction === 'in'),
      hasReport: now.report !== null,
      report: facts.value,
    })
  })
  const missingToSign = computed(() => (facts.value ? missingOf(facts.value, 'sign') : []))
  const missingToLeave = computed(() => (facts.value ? missingOf(facts.value, 'leave') : []))
  return { facts, step, missingToSign, missingToLeave }
}
