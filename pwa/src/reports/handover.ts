/* While the customer holds the phone it shows this job alone: kept on the disk, so that neither a reload nor a killed
   browser opens the rest. The engineer takes it back with the last four digits of her own telephone number. */
import { shallowReadonly, shallowRef } from 'vue'
import type { AcknowledgementAbout } from '@/app/records'
import { keep, kept } from '@/device/kept'
import type { Language } from '@/ui/i18n'

export interface Handover {
  visitId: string
  reportId: string
  signatureId: string
  document_sha256: string
  frozen_at: string
  version: number
  isSigned: boolean
  /** What stands before work instead of a report: one record for each thing she is told. */
  acknowledges?: { about: AcknowledgementAbout; id: string }[]
  /** The engineer's own language, where the customer reads in another. */
  language?: Language
}

/** The name of the screen that the phone is locked to. */
export function screenOf(held: Pick<Handover, 'acknowledges'>): string {
  return held.acknowledges ? 'acknowledge-sign' : 'sign'
}

const KEY = 'handover'
/** Shallow: what is kept is what was given; IndexedDB refuses a reactive copy of it. */
const current = shallowRef<Handover | null>(null)
export const handover = shallowReadonly(current)

/** Whether a customer held the phone when the app died; before the first screen. */
export function recallHandover(): void {
  const value = kept(KEY) as Handover | null
  current.value = value && typeof value.signatureId === 'string' && typeof value.visitId === 'string' ? value : null
}

/** Resolves when the lock is on the disk. */
export async function handOver(next: Handover): Promise<void> {
  current.value = next
  await keep(KEY, { ...next })
}

export async function noteSigned(): Promise<void> {
  if (current.value) await handOver({ ...current.value, isSigned: true })
}

export async function takeBack(): Promise<void> {
  current.value = null
  await keep(KEY, null)
}
