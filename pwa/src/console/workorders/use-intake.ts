/* The call being taken: kept as a draft on this computer, decided again 250 ms after each change, sent once. */
import { reactive, shallowRef, watch } from 'vue'
import { api, type Answer } from '../api'
import { user } from '../session'
import type { Decision, Found, Person } from '../types'

export const CHANNELS = ['phone', 'remote', 'onsite', 'walk_in', 'mail', 'fax', 'network'] as const
export const PRIORITIES = ['critical', 'important', 'normal'] as const
export const KINDS = ['repair', 'advice', 'upgrade', 'relocation', 'reupholstery', 'design', 'delivery', 'installation', 'inspection', 'training', 'callback'] as const

interface Form {
  caller_name: string
  caller_phone: string
  customer_id: string
  site_id: string
  contact_id: string | null
  asset_ids: string[]
  kind: string
  channel: string
  priority: string | null
  symptom: string
  owner_id: string
  phone_reason: string
  reported_at: Date | null
  engineer_ids: string[]
  planned_from: Date | null
}
export interface CustomerDetail {
  id: string
  name: string
  sites: { id: string; name: string; address: string }[]
  contacts: { id: string; name: string; phone: string; title: string; site_id: string | null }[]
  assets: { id: string; site_id: string; brand: string; model: string; serial: string; place: string }[]
}
export interface Preview extends Decision {
  open_work_orders: { id: string; number: string; symptom: string }[]
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
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? 'null') as Form | null
    if (!value) return fresh()
    const date = (text: unknown) => (typeof text === 'string' ? new Date(text) : null)
    return { ...fresh(), ...value, reported_at: date(value.reported_at), planned_from: date(value.planned_from) }
  } catch {
    return fresh()
  }
}

export function useIntake() {
  const form = reactive<Form>(kept())
  const customer = shallowRef<CustomerDetail | null>(null)
  const customers = shallowRef<{ id: string; name: string }[]>([])
  const people = shallowRef<Person[]>([])
  const preview = shallowRef<Preview | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function findCustomers(q: string): Promise<void> {
    const answer = await api.get<{ rows: { id: string; name: string }[] }>('/customers', { q, limit: 20 })
    if (answer.ok) customers.value = answer.value.rows
  }

  async function chooseCustomer(id: string): Promise<void> {
    const answer = await api.get<CustomerDetail>(`/customers/${id}`)
    if (!answer.ok) return
    customer.value = answer.value
    if (!customers.value.some((one) => one.id === id)) customers.value = [answer.value, ...customers.value]
    if (!answer.value.sites.some((one) => one.id === form.site_id)) form.site_id = answer.value.sites.length === 1 ? (answer.value.sites[0]?.id ?? '') : ''
    form.asset_ids = form.asset_ids.filter((asset) => answer.value.assets.some((one) => one.id === asset))
  }

  /** A known caller fills in customer, site and name; what was typed stays. */
  async function findByPhone(): Promise<void> {
    if (form.caller_phone.replace(/\D/g, '').length < 7 || form.customer_id) return
    const answer = await api.get<{ rows: Found[] }>('/search', { q: form.caller_phone })
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
    const mine = ++asked
    const { customer_id, site_id, asset_ids, kind, channel, priority, reported_at } = form
    const answer = await api.post<Preview>('/decisions/preview', { customer_id, site_id, asset_ids, kind, channel, priority, ...(reported_at ? { reported_at: reported_at.toISOString() } : {}) })
    if (mine === asked) preview.value = answer.ok ? answer.value : null
  }

  async function save(send: boolean): Promise<Answer<{ id: string; number: string }>> {
    const { engineer_ids, planned_from, reported_at, ...rest } = form
    const visit = send && engineer_ids.length ? { visit: { engineer_ids: [...engineer_ids], planned_from: (planned_from ?? new Date()).toISOString() } } : {}
    return api.post('/work-orders', { ...rest, ...(reported_at ? { reported_at: reported_at.toISOString() } : {}), ...visit })
  }

  function forget(): void {
    localStorage.removeItem(KEY)
    sessionStorage.removeItem(KEY)
    Object.assign(form, fresh())
  }

  function clear(): void {
    forget()
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
  void api.get<{ rows: Person[] } | Person[]>('/users').then((answer) => {
    if (answer.ok) people.value = Array.isArray(answer.value) ? answer.value : answer.value.rows
  })
  if (form.customer_id) void chooseCustomer(form.customer_id)

  return { form, customer, customers, people, preview, findCustomers, chooseCustomer, findByPhone, save, forget, clear }
}
