/* Plain requests to the server outside sync: sign-in, who am I, devices, version. Problems come back as values (RFC 9457),
   so that a screen switches on the slug and never on a status code. */

export interface Problem {
  slug: string
  status: number
  title: string
  detail: string
  field: string | null
}

export type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem }

const NO_NETWORK: Problem = { slug: 'no-network', status: 0, title: '', detail: '', field: null }
const PATIENCE_MS = 15_000

export async function get<T>(path: string): Promise<Answer<T>> {
  return request<T>('GET', path)
}

export async function post<T>(path: string, body: Record<string, unknown>): Promise<Answer<T>> {
  return request<T>('POST', path, body)
}

export async function remove<T>(path: string): Promise<Answer<T>> {
  return request<T>('DELETE', path)
}

async function request<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: Record<string, unknown>): Promise<Answer<T>> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: {
        Accept: 'application/json',
        ...(method === 'GET' ? {} : { 'X-Fieldpledge': '1' }),
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  } catch {
    return { ok: false, problem: NO_NETWORK }
  }
  const json = await jsonOf(response)
  if (response.ok) {
    if (response.status !== 204 && json === null) return { ok: false, problem: { ...NO_NETWORK, status: response.status } }
    return { ok: true, value: json as T }
  }
  return { ok: false, problem: problemOf(response.status, json) }
}

/** The body as JSON, or null: a hotel's sign-in page answers HTML with 200. */
async function jsonOf(response: Response): Promise<unknown> {
  if (!/[/+]json/.test(response.headers.get('content-type') ?? '')) return null
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
    detail: text('detail') || text('title'),
    field: text('field') || null,
  }
}
