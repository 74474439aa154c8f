/* The facts that letters are tried on, as the form holds them: every box a text, empty is not known. Read by the form of
   LetterTry; filled by hand or from a work order, and given to the server as `explain` takes them. */
import { reactive, ref } from 'vue'
import { localText } from '../ui/local-text'

type Facts = Record<string, unknown>
type Boxes = Record<string, string>

export const DATES = ['purchased_on', 'invoiced_on', 'accepted_on'] as const
export const INSTANTS = ['reported_at', 'onsite_decided_at', 'promised_for'] as const
export const CUSTOMER_FLAGS = ['training_completed', 'payment_breach', 'confidentiality_breach'] as const
const FLAGS: readonly string[] = ['stores_data', ...CUSTOMER_FLAGS]
export const PICKS = {
  category: ['desktop', 'laptop', 'server', 'storage', 'switch', 'cable', 'software', 'desk', 'cabinet', 'chair', 'clerk_desk', 'sofa', 'other'], material: ['wood', 'leather', 'steel', 'fabric'],
  kind: ['repair', 'advice', 'upgrade', 'relocation', 'reupholstery', 'design', 'delivery', 'installation', 'inspection', 'training', 'callback'], channel: ['phone', 'remote', 'onsite', 'walk_in', 'mail', 'fax', 'network'],
  priority: ['critical', 'important', 'normal'], cause_category: ['quality', 'wear', 'user_damage', 'transit_damage', 'counterfeit_part', 'configuration', 'environment', 'other'],
}

const boxText = (instant: unknown) => localText(String(instant)).slice(0, 16).replace(' ', 'T')
/** What a box holds as an instant of the company's zone. */
const instant = (text: string) => (text ? (/[Z+]/.test(text) ? text : `${text}:00+08:00`) : null)

function given(boxes: Boxes): Facts {
  const value = (name: string, text: string) => {
    if (FLAGS.includes(name)) return text ? text === 'yes' : null
    return (INSTANTS as readonly string[]).includes(name) ? instant(text) : text || null
  }
  return Object.fromEntries(Object.entries(boxes).map(([name, text]) => [name, value(name, text)]))
}
function fill(boxes: Boxes, facts: Facts): void {
  for (const name of Object.keys(boxes)) {
    const known = facts[name]
    if (typeof known === 'boolean') boxes[name] = known ? 'yes' : 'no'
    else boxes[name] = known && (INSTANTS as readonly string[]).includes(name) ? boxText(known) : String(known ?? '')
  }
}

export function useTrialFacts() {
  const customer = reactive<Boxes>({ province: '', training_completed: '', payment_breach: '', confidentiality_breach: '' })
  const asset = reactive<Boxes>({ brand: '', category: '', material: '', price: '', purchased_on: '', invoiced_on: '', accepted_on: '', stores_data: '' })
  const request = reactive<Boxes>({ kind: 'repair', channel: 'phone', priority: '', fault: '', cause_category: '', reported_at: boxText(new Date().toISOString()), onsite_decided_at: '', promised_for: '' })
  const spells = ref<Boxes[]>([])
  const letters = ref<string[]>([])
  const zone = ref('Asia/Shanghai')
  let now = ''
  let repairs: unknown = []

  function facts(): Facts {
    return {
      now: now || new Date().toISOString(), timezone: zone.value, letters: letters.value, customer: given(customer), asset: given(asset),
      out_of_service: spells.value.map(given), repairs, request: given(request),
    }
  }
  /** The facts of a work order, as of when it is decided. */
  function take(first: Facts): void {
    letters.value = first.letters as string[]
    zone.value = String(first.timezone)
    now = String(first.now)
    repairs = first.repairs
    spells.value = (first.out_of_service as Facts[]).map((one) => ({ from: String(one.from ?? ''), to: String(one.to ?? ''), reason: String(one.reason ?? '') }))
    fill(customer, first.customer as Facts)
    fill(asset, first.asset as Facts)
    fill(request, first.request as Facts)
  }
  return { customer, asset, request, spells, letters, zone, facts, take }
}
