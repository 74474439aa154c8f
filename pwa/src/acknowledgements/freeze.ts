/* Freezes what the customer will read before work: the text made from the phone's rows, its bytes under their hash (K-8). */
import { data } from '@/app/data'
import type { AcknowledgementAbout, ChargeTold } from '@/app/records'
import { t } from '@/app/words'
import { currentLanguage } from '@/ui/words-now'
import type { VisitSheet } from '@/visits/use-visit'
import { decidedFor } from './before-work'
import { bytesOf, documentOf, type FrozenAcknowledgement, type Notice } from './document'

export interface Saying {
  about: AcknowledgementAbout
  clause: string | null
  charges: ChargeTold[]
  /** Any price that the engineer typed herself. */
  isTyped: boolean
  remedy: string | null
}

/** Makes the text and keeps its bytes; what is shown is read from them again. */
export async function freeze(sheet: VisitSheet, sayings: readonly Saying[]): Promise<{ sha256: string; frozen_at: string }> {
  const frozen_at = new Date().toISOString()
  const people = [sheet.visit.lead_id, ...sheet.visit.engineer_ids.filter((id) => id !== sheet.visit.lead_id)]
  const document = documentOf({
    frozen_at,
    language: currentLanguage() === 'en' ? 'en' : 'zh',
    visit_id: sheet.visit.id,
    work_order: sheet.order,
    customer: sheet.customer ?? { name: '' },
    site: sheet.site ?? { name: '' },
    contact: sheet.contact,
    engineers: people.flatMap((id) => sheet.people.get(id) ?? []),
    assets: sheet.assets,
    notices: sayings.map((saying) => noticeOf(sheet, saying)),
  })
  return { sha256: await data().files.put(bytesOf(document).buffer, 'application/json', { order: 0 }), frozen_at }
}

export async function readFrozen(sha256: string): Promise<FrozenAcknowledgement | null> {
  const bytes = await data().files.bytes(sha256)
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as FrozenAcknowledgement) : null
}

function noticeOf(sheet: VisitSheet, saying: Saying): Notice {
  const { entitlement } = sheet.order
  const isRemedy = saying.about === 'remedy'
  const offered = (entitlement.remedies ?? []).map((one) => t(`remedy.${one}`)).join(t('list.comma'))
  return {
    about: saying.about,
    statement: t(`before.statement.${saying.about}`, { offered, chosen: saying.remedy ? t(`remedy.${saying.remedy}`) : '' }),
    clauses: clausesOf(sheet, saying),
    charges: saying.charges,
    said_by: saying.isTyped ? 'engineer' : saying.charges.some((charge) => charge.amount) ? 'price_list' : null,
    remedy: saying.remedy,
    refund: isRemedy && saying.remedy === 'refund' && entitlement.refund ? { amount: entitlement.refund, currency: sheet.currency } : null,
  }
}

/** The sentences it stands on, each as it was signed; the one that asks for it first. */
function clausesOf(sheet: VisitSheet, saying: Saying): Notice['clauses'] {
  const reasons = saying.about === 'backup_notice' ? [] : decidedFor(sheet).reasons.map((reason) => reason.clause)
  const ids = [...new Set([...(saying.clause ? [saying.clause] : []), ...reasons])]
  const known = sheet.letters.flatMap((letter) => letter.clauses)
  return ids.flatMap((id) => {
    const found = known.find((clause) => clause.id === id)
    return found ? [{ clause: id, article: found.article, quote: found.quote, text: found.text[currentLanguage() === 'en' ? 'en' : 'zh'] }] : []
  })
}
