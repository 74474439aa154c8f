/* The console's requests. Problems come back as values (RFC 9457), so that a screen switches on the slug and shows the
   faults at their fields; a 401 anywhere leads to the sign-in. */

import type { PathOf } from '@/api/paths'

export interface Fault {
  path: string
  message: { zh: string; en: string }
}
export interface Problem {
  slug: string
  status: number
  title: string
  detail: string
  faults: Fault[]
  body: Record<string, unknown>
}
export type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem }
export type Query = Record<string, string | number | boolean | null | undefined>

const PATIENCE_MS = 20_000
let on401: () => void = () => undefined

/** What to do when the session has ended; set once by the router. */
export function whenSignedOut(run: () => void): void {
  on401 = run
}

/** `/work-orders` and a query → the address under /api, empty values left out. */
export function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value))
  }
  const text = params.toString()
  return `/api${path}${text ? `?${text}` : ''}`
}

/** Paths that the server's own description knows (`make client`); another one does not compile. */
export const api = {
  get: <T>(path: PathOf<'get'>, query?: Query) => request<T>('GET', address(path, query)),
  post: <T>(path: PathOf<'post'>, body: object) => request<T>('POST', address(path), body),
  patch: <T>(path: PathOf<'patch'>, body: object) => request<T>('PATCH', address(path), body),
  delete: <T>(path: PathOf<'delete'>) => request<T>('DELETE', address(path), {}),
}

async function request<T>(method: string, url: string, body?: object): Promise<Answer<T>> {
  let response: Response
  try {
    response = await fetch(url, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { Accept: 'application/json', ...(body ? { 'Content-Type': 'application/json', 'X-Fieldpledge': '1' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  } catch {
    return { ok: false, problem: { slug: 'no-network', status: 0, title: '', detail: '', faults: [], body: {} } }
  }
  const json = await jsonOf(response)
  if (response.ok) return { ok: true, value: json as T }
  if (response.status === 401 && !url.endsWith('/sign-in')) on401()
  return { ok: false, problem: problemOf(response.status, json) }
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    return null
  }
}

function problemOf(status: number, json: unknown): Problem {
  const body = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const text = (key: string) => (typeof body[key] === 'string' ? (body[key] as string) : '')
  return {
    slug: text('type').replace(/^.*\//, '') || `http-${status}`,
    status,
    title: text('title'),
    detail: text('detail'),
    faults: Array.isArray(body.faults) ? (body.faults as Fault[]) : [],
    body,
  }
}
