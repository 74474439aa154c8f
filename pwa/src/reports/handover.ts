/* While the customer holds the phone it shows this job alone: kept on the disk, so that neither a reload nor a killed
   browser opens the rest. The engineer takes it back with the last four digits of her own telephone number. */
import { readonly, ref } from 'vue'

export interface Handover {
  visitId: string
  reportId: string
  signatureId: string
  document_sha256: string
  frozen_at: string
  version: number
  isSigned: boolean
}

const KEY = 'fp.handover'
const current = ref<Handover | null>(read())
export const handover = readonly(current)

export function handOver(next: Handover): void {
  current.value = next
  localStorage.setItem(KEY, JSON.stringify(next))
}

export function noteSigned(): void {
  if (current.value) handOver({ ...current.value, isSigned: true })
}

export function takeBack(): void {
  current.value = null
  localStorage.removeItem(KEY)
}

function read(): Handover | null {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Handover | null
    return value && typeof value.signatureId === 'string' && typeof value.visitId === 'string' ? value : null
  } catch {
    return null
  }
}
