/* The call being taken: kept as a draft on this computer, decided again 250 ms after each change, sent once. */
import { reactive, shallowRef, watch } from 'vue'
import { ask, type Answer, type Schema } from '@/api/client'
import { api } from '../api'
import { newest } from '@/ui/late'
import { user } from '../session'

export const CHANNELS = ['phone', 'remote', 'onsite', 'walk_in', 'mail', 'fax', 'network'] as const
export const PRIORITIES = ['critical', 'important', 'normal'] as const
export const KINDS = ['repair', 'advice', 'upgrade', 'relocation', 'reupholstery', 'design', 'delivery', 'installation', 'inspection', 'training', 'callback'] as const

type Call = Schema<'WorkOrderIn'>
interface Form {
  caller_name: string
  caller_phone: string
  customer_id: string
  site_id: string
  contact_id: string | null
  asset_ids: string[]
  kind: Call['kind']
  channel: Call['channel']
  priority: Call['priority']
  symptom: string
  owner_id: string
  phone_reason: string
  reported_at: Date | null
  engineer_ids: string[]
  planned_from: Date | null
}
const KEY = 'fp.console.intake'
const DECIDE_AFTER_MS = 250

function fresh(): Form {
  return {
    caller_name: '', caller_phone: '', customer_id: '', site_id: '', contact_id: null, asset_ids: [], kind: 'repair', channel: 'phone',
    priority: 'normal', symptom: '', owner_id: user.value?.id ?? '', phone_reason: '', reported_at: null, engineer_ids: [], planned_from: null,
  }
}

function kept(): Form {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Form | null
    if (!value) return fresh()
    const date = (text: unknown) => (typeof text === 'string' ? new Date(text) : null)
    return { ...fresh(), ...value, reported_at: date(value.reported_at), planned_from: date(value.planned_from) }
  } catch {
    return fresh()
  }
}

export function useIntake() {
  const form = reactive<Form>(kept())
  const customer = shallowRef<Schema<'CustomerDetail'> | null>(null)
  const customers = shallowRef<Schema<'CustomerOut'>[]>([])
  const people = shallowRef<Schema<'UserOut'>[]>([])
  const preview = shallowRef<Schema<'PreviewOut'> | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  const [lastFound, lastChosen, lastDecided] = [newest(), newest(), newest()]

  async function findCustomers(q: string): Promise<void> {
    const answer = await lastFound(ask(api.GET('/api/customers', { params: { query: { q, limit: 20 } } })))
    if (answer?.ok) customers.value = answer.value.rows
  }

  async function chooseCustomer(id: string): Promise<void> {
    const answer = await lastChosen(ask(api.GET('/api/customers/{customer_id}', { params: { path: { customer_id: id } } })))
    if (!answer?.ok || form.customer_id !== id) return
    customer.value = answer.value
    if (!customers.value.some((one) => one.id === id)) customers.value = [answer.value, ...customers.value]
    if (!answer.value.sites.some((one) => one.id === form.site_id)) form.site_id = answer.value.sites.length === 1 ? (answer.value.sites[0]?.id ?? '') : ''
    form.asset_ids = form.asset_ids.filter((asset) => answer.value.assets.some((one) => one.id === asset))
  }

  /** A known caller fills in customer, site and name; what was typed stays. */
  async function findByPhone(): Promise<void> {
    if (form.caller_phone.replace(/\D/g, '').length < 7 || form.customer_id) return
    const phone = form.caller_phone
    const answer = await ask(api.GET('/api/search', { params: { query: { q: phone } } }))
    if (form.customer_id || form.caller_phone !== phone) return
    const found = answer.ok ? answer.value.rows.find((row) => row.kind === 'contact') : undefined
    if (!found?.customer_id) return
    form.customer_id = found.customer_id
    form.contact_id = found.id
    if (found.site_id) form.site_id = found.site_id
    if (!form.caller_name) form.caller_name = found.title
    await chooseCustomer(found.customer_id)
  }

  async function decide(): Promise<void> {
    if (!form.customer_id || !form.site_id) return void (preview.value = null)
    const { customer_id, site_id, asset_ids, kind, channel, priority, reported_at } = form
    const answer = await lastDecided(ask(api.POST('/api/decisions/preview', { body: { customer_id, site_id, asset_ids, kind, channel, priority, ...(reported_at ? { reported_at: reported_at.toISOString() } : {}) } })))
    if (answer && form.customer_id && form.site_id) preview.value = answer.ok ? answer.value : null
  }

  async function save(send: boolean): Promise<Answer<{ id: string }>> {
    const { engineer_ids, planned_from, reported_at, ...rest } = form
    const visit = send && engineer_ids.length ? { visit: { engineer_ids: [...engineer_ids], planned_from: (planned_from ?? new Date()).toISOString() } } : {}
    return ask(api.POST('/api/work-orders', { body: { ...rest, ...(reported_at ? { reported_at: reported_at.toISOString() } : {}), ...visit } }))
  }

  /** Sent: its draft goes, unless the next call is being typed there already. */
  function forget(): void {
    if (localStorage.getItem(KEY) === JSON.stringify(form)) localStorage.removeItem(KEY)
    Object.assign(form, fresh())
  }

  function clear(): void {
    Object.assign(form, fresh())
    customer.value = null
    preview.value = null
  }

  watch(form, () => localStorage.setItem(KEY, JSON.stringify(form)))
  watch(
    () => [form.customer_id, form.site_id, form.asset_ids.join(), form.kind, form.channel, form.priority, form.reported_at?.getTime()],
    () => {
      clearTimeout(timer)
      timer = setTimeout(decide, DECIDE_AFTER_MS)
    },
    { immediate: true },
  )
  void findCustomers('')
  void ask(api.GET('/api/users')).then((answer) => {
    if (answer.ok) people.value = answer.value
  })
  if (form.customer_id) void chooseCustomer(form.customer_id)

  return { form, customer, customers, people, preview, findCustomers, chooseCustomer, findByPhone, save, forget, clear }
}
