/* Rules that run on the phone and on the server: the same vectors, compared as text. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import gcoord from 'gcoord'
import { describe, expect, test } from 'vitest'
import { missingOf, type Missing, type ReportFacts, type Step } from '@/reports/rules/complete'
import { bytesOf, documentOf, type DocumentFacts } from '@/reports/rules/document'
import sharedEn from '@/ui/i18n/en'
import sharedZh from '@/ui/i18n/zh-CN'
import { judgeCheckIn, type Fix, type SitePoint, type Verdict } from '@/visits/rules/check-in'

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(import.meta.dirname, `../vectors/${name}.json`), 'utf8')) as T
}

/** JSON cannot hold not-a-number; the vectors write it as a text. */
function withNaN<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, each: unknown) => (each === 'NaN' ? Number.NaN : each)) as T
}

const sorted = (value: object) => JSON.stringify(value, Object.keys(value).sort())

interface CheckInCase {
  name: string
  fix: Fix | null
  site: SitePoint | null
  expect: Verdict
}

describe('check-in verdict', () => {
  test.each(vectors<{ cases: CheckInCase[] }>('check-in').cases)('$name', ({ fix, site, expect: wanted }) => {
    expect(sorted(judgeCheckIn(withNaN(fix), site))).toBe(sorted(wanted))
  })
})

interface CompleteVectors {
  labels: Record<string, { zh: string; en: string }>
  cases: { name: string; step: Step; report: ReportFacts; expect: Missing[] }[]
}

describe('what a report lacks', () => {
  const { cases, labels } = vectors<CompleteVectors>('report-complete')

  test.each(cases)('$name', ({ report, step, expect: wanted }) => {
    expect(JSON.stringify(missingOf(report, step))).toBe(JSON.stringify(wanted))
  })

  test('the phone names what is missing as the server does', () => {
    const zh = Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, text.zh]))
    const en = Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, text.en]))
    expect(sharedZh.missing).toEqual(zh)
    expect(sharedEn.missing).toEqual(en)
  })
})

interface DatumCase {
  name: string
  datum: 'GCJ-02' | 'BD-09' | 'WGS-84'
  lat_e7: number
  lng_e7: number
  expect: { lat_e7: number; lng_e7: number }
}

describe('datum vectors', () => {
  const datums = { 'GCJ-02': gcoord.GCJ02, 'BD-09': gcoord.BD09, 'WGS-84': gcoord.WGS84 }

  test.each(vectors<{ cases: DatumCase[] }>('datum').cases)('$name is what gcoord answers', (one) => {
    const [lng, lat] = gcoord.transform<[number, number]>([one.lng_e7 / 1e7, one.lat_e7 / 1e7], datums[one.datum], gcoord.WGS84)
    expect({ lat_e7: Math.round(lat * 1e7), lng_e7: Math.round(lng * 1e7) }).toEqual(one.expect)
  })
})

interface DocumentCase {
  name: string
  facts: DocumentFacts
  document: string
  sha256: string
}

describe('the frozen document', () => {
  test.each(vectors<{ cases: DocumentCase[] }>('signed-document').cases)('$name', async ({ facts, document, sha256 }) => {
    const bytes = bytesOf(documentOf(facts))
    expect(new TextDecoder().decode(bytes)).toBe(document)
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    expect([...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(sha256)
  })
})
