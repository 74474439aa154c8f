/* Where prices and the remedy are typed before anything is frozen: one place a visit, gone with the answer or on leaving. */
import type { RecordRef } from '@/app/data'

export function draftOf(visitId: string): RecordRef {
  return { kind: 'acknowledgement', id: visitId }
}
