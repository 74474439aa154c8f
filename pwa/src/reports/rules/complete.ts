/* What a fault report still lacks, said on the phone before she leaves, by the server's own rules.
   The server's half is backend/reports/rules/complete.py; both are held together by tests/vectors/report-complete.json. */

export type Step = 'sign' | 'leave'

export interface FindingFacts {
  id: string
  symptom_found?: string | null
  cause_category?: string | null
  cause_text?: string | null
  cause_unknown_until?: string | null
  fix_category?: string | null
  fix_text?: string | null
  outcome?: string | null
  not_fixed_reason?: string | null
  next_step?: string | null
}

export interface PartFacts {
  id?: string
  finding_id?: string | null
  name?: string | null
  quantity?: number | null
  old_serial?: string | null
  new_serial?: string | null
  voided_at?: string | null
}

export interface SignatureFacts {
  result: string
  signer_name?: string | null
  strokes_sha256?: string | null
  remarks?: string | null
  reason?: string | null
  photo_id?: string | null
}

export interface ReportFacts {
  guidance?: string | null
  findings?: readonly FindingFacts[]
  part_lines?: readonly PartFacts[]
  signature?: SignatureFacts | null
  /** What the letter or the form asks for besides: "guidance". */
  requires?: readonly string[]
}

/** One thing that is not there: where (a path into the report), and under which label (words `missing.<label>`). */
export interface Missing {
  path: string
  missing: string
}

// Blank is spelled out: what Python and JavaScript call white space differs.
const SOMETHING = /[^ \t\r\n\u00a0\u3000\u200b\ufeff]/
const NO_CAUSE_NEEDED = ['refused', 'no_fault_found']

/** Everything a report lacks before the customer signs, or before she leaves; in the order of the form. */
export function missingOf(report: ReportFacts, step: Step): Missing[] {
  const found = [...missingInFindings(report), ...missingInParts(report)]
  if (report.requires?.includes('guidance') && isBlank(report.guidance)) found.push({ path: '$.guidance', missing: 'guidance' })
  if (step === 'leave') found.push(...missingInSignature(report.signature ?? null))
  return found
}

function* missingInFindings(report: ReportFacts): Generator<Missing> {
  const findings = report.findings ?? []
  if (findings.length === 0) yield { path: '$.findings', missing: 'finding' }
  for (const [i, finding] of findings.entries()) {
    for (const field of requiredIn(finding)) {
      if (isBlank(finding[field])) yield { path: `$.findings[${i}].${field}`, missing: field }
    }
    const hasPart = (report.part_lines ?? []).some((part) => !part.voided_at && part.finding_id === finding.id)
    if (finding.fix_category === 'replaced_part' && !hasPart) {
      yield { path: `$.findings[${i}].part_lines`, missing: 'part_line' }
    }
  }
}

/** Fields a finding needs; "cause not known yet, analysis by …" is a legal answer to the cause. */
function* requiredIn(finding: FindingFacts): Generator<Exclude<keyof FindingFacts, 'id'>> {
  const outcome = finding.outcome ?? ''
  const isExplained = NO_CAUSE_NEEDED.includes(outcome)
  yield 'symptom_found'
  if (!isExplained && isBlank(finding.cause_unknown_until)) {
    yield 'cause_category'
    yield 'cause_text'
  }
  if (!isExplained) {
    yield 'fix_category'
    yield 'fix_text'
  }
  yield 'outcome'
  if (outcome === 'not_fixed') yield 'not_fixed_reason'
  if (outcome === 'not_fixed' || outcome === 'workaround') yield 'next_step'
}

/** A part has a name and a number; a serial on one side of the swap asks for the other. */
function* missingInParts(report: ReportFacts): Generator<Missing> {
  for (const [i, part] of (report.part_lines ?? []).entries()) {
    if (part.voided_at) continue
    if (isBlank(part.name)) yield { path: `$.part_lines[${i}].name`, missing: 'name' }
    if (!Number.isInteger(part.quantity) || part.quantity! < 1) yield { path: `$.part_lines[${i}].quantity`, missing: 'quantity' }
    const [lacksOld, lacksNew] = [isBlank(part.old_serial), isBlank(part.new_serial)]
    if (lacksOld && !lacksNew) yield { path: `$.part_lines[${i}].old_serial`, missing: 'old_serial' }
    if (lacksNew && !lacksOld) yield { path: `$.part_lines[${i}].new_serial`, missing: 'new_serial' }
  }
}

/** Signed needs ink and a name, remarks where the customer has some; absent or refused needs a reason and a photo. */
function* missingInSignature(signature: SignatureFacts | null): Generator<Missing> {
  if (!signature) {
    yield { path: '$.signature', missing: 'signature' }
    return
  }
  const isUnsigned = signature.result === 'absent' || signature.result === 'refused'
  const needed: [keyof SignatureFacts, string][] = isUnsigned
    ? [['reason', 'reason'], ['photo_id', 'photo']]
    : [['signer_name', 'signer_name'], ['strokes_sha256', 'strokes']]
  if (signature.result === 'accepted_with_remarks' || signature.result === 'rejected') needed.push(['remarks', 'remarks'])
  for (const [field, label] of needed) {
    if (isBlank(signature[field])) yield { path: `$.signature.${field}`, missing: label }
  }
}

function isBlank(value: unknown): boolean {
  return typeof value !== 'string' || !SOMETHING.test(value)
}
