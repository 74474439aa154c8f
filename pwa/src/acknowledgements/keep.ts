/* The customer's answer as operations: one record for each thing she was told, all or none of them. */
import { data, type Json, type RecordRef } from '@/app/data'
import type { AcknowledgementAbout, AcknowledgementAnswer } from '@/app/records'
import type { Handover } from '@/reports/handover'
import type { VisitSheet } from '@/visits/use-visit'
import type { FrozenAcknowledgement } from './document'
import { draftOf } from './draft'

interface Answered {
  sheet: VisitSheet
  document: FrozenAcknowledgement
  held: Pick<Handover, 'acknowledges' | 'document_sha256'>
  draft: RecordRef
  answer: AcknowledgementAnswer
  /** What of it she answered; the rest stays open. */
  about: readonly AcknowledgementAbout[]
  given: Record<string, string | null>
}

export async function keepAnswers({ sheet, document, held, draft, answer, about, given }: Answered): Promise<void> {
  const files = [held.document_sha256, ...(given.strokes_sha256 ? [given.strokes_sha256] : [])]
  const answered = (held.acknowledges ?? []).filter((one) => about.includes(one.about))
  await data().performAll(
    answered.map((one) => {
      const notice = document.signed.notices.find((each) => each.about === one.about)
      return {
        type: 'acknowledgement.add',
        record: { kind: 'acknowledgement', id: one.id },
        clears: [draft, draftOf(sheet.visit.id)],
        files,
        args: {
          work_order_id: sheet.order.id, visit_id: sheet.visit.id, about: one.about, answer, document_sha256: held.document_sha256,
          strokes_sha256: null, reason: '', photo_id: null, photo_sha256: null, signer_name: '', signer_title: '', remedy: notice?.remedy ?? null,
          told: (notice?.charges ?? []) as unknown as Json,
          ...given,
        },
      }
    }),
  )
}
