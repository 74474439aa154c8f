/* The frozen text of an acknowledgement: exactly what the customer reads before work, as bytes under one SHA-256 (K-8).
   The server reads and compares it (backend/acknowledgements/rules/document.py); tests/vectors/acknowledgement.json. */
import canonicalize from 'canonicalize'
import type { AcknowledgementAbout, ChargeTold, Money } from '@/app/records'

export interface Notice {
  about: AcknowledgementAbout
  /** What the customer says by signing, in her language. */
  statement: string
  clauses: { clause: string; article: string | null; quote: string; text: string }[]
  charges: ChargeTold[]
  /** Who named the prices: the price list, or the engineer any of them; null where none is told. */
  said_by: 'price_list' | 'engineer' | null
  remedy: string | null
  refund: Money | null
}

export interface AcknowledgementFacts {
  frozen_at: string
  language: 'zh' | 'en'
  visit_id: string | null
  work_order: { id: string; number?: string | null; short_ref?: string | null; symptom?: string }
  customer: { name: string }
  site: { name: string; address?: string | null }
  contact?: { name?: string | null } | null
  engineers: readonly { name: string; staff_no?: string | null }[]
  assets: readonly { category?: string | null; brand?: string | null; model?: string | null; serial?: string | null; place?: string | null }[]
  notices: readonly Notice[]
}

export interface FrozenAcknowledgement {
  schema: 1
  form: 'acknowledgement'
  work_order_id: string
  visit_id: string | null
  signed: {
    frozen_at: string
    language: 'zh' | 'en'
    work_order_ref: string
    customer_name: string
    site_name: string
    site_address: string | null
    contact_name: string | null
    engineers: { name: string; staff_no: string | null }[]
    assets: { category: string | null; brand: string | null; model: string | null; serial: string | null; place: string | null }[]
    reported_symptom: string
    notices: Notice[]
  }
}

export function documentOf(facts: AcknowledgementFacts): FrozenAcknowledgement {
  const { work_order: order, site } = facts
  return {
    schema: 1,
    form: 'acknowledgement',
    work_order_id: order.id,
    visit_id: facts.visit_id,
    signed: {
      frozen_at: facts.frozen_at,
      language: facts.language,
      work_order_ref: order.number || order.short_ref || '',
      customer_name: facts.customer.name,
      site_name: site.name,
      site_address: site.address || null,
      contact_name: facts.contact?.name || null,
      engineers: facts.engineers.map((one) => ({ name: one.name, staff_no: one.staff_no || null })),
      assets: facts.assets.map((one) => ({
        category: one.category || null, brand: one.brand || null, model: one.model || null, serial: one.serial || null, place: one.place || null,
      })),
      reported_symptom: order.symptom ?? '',
      notices: [...facts.notices],
    },
  }
}

/** The document as the bytes that are kept and hashed: RFC 8785. */
export function bytesOf(document: FrozenAcknowledgement): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalize(document))
}
