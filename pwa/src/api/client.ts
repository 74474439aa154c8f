/* The one typed client of phone and console, over the types that `make client` makes from the server's description: path,
   parameters, body and answer of a request are the server's own, and a wrong name does not compile.
   Problems come back as values (RFC 9457), so that a screen switches on the slug and shows the faults at their fields. */
import createClient, { type Client, type ClientPathsWithMethod, type FetchResponse, type MaybeOptionalInit } from 'openapi-fetch'
import type { components, paths } from './schema'

/** A shape of the description by its name: `Schema<'WorkOrderDetail'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]
/** What may be asked of a list or export. */
export type QueryOf<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Query } } } ? NonNullable<Query> : never

export type Both = Schema<'Both'>
export interface Fault {
  path: string
  message: Both
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
type Heard<T> = { data?: T; error?: object; response: Response }

type Method = 'get' | 'post' | 'patch' | 'delete'
type Init<Path extends keyof paths, M extends Method> = MaybeOptionalInit<paths[Path], M>
type Operation<Path extends keyof paths, M extends Method> = Extract<paths[Path][M], Record<string | number, unknown>>
type Asks<M extends Method> = <Path extends ClientPathsWithMethod<Client<paths>, M>>(
  path: Path,
  ...init: undefined extends Init<Path, M> ? [Init<Path, M>?] : [Init<Path, M>]
) => Promise<FetchResponse<Operation<Path, M>, object, `${string}/${string}`>>
/** openapi-fetch's client, stricter: as it comes, it lets an unknown field of a query or body pass beside a known one. */
export type Api = { [M in Method as Uppercase<M>]: Asks<M> } & Pick<Client<paths>, 'use'>

const NO_CONTENT = 204

/** Requests with the session's cookie and the header that a foreign page cannot send; given up after `patience_ms`. */
export function clientOf(patience_ms: number): Api {
  return createClient<paths>({
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { Accept: 'application/json', 'X-Fieldpledge': '1' },
    fetch: (request) => fetch(request, 'timeout' in AbortSignal ? { signal: AbortSignal.timeout(patience_ms) } : {}), // a customer's old phone has none
  }) as Api
}

/** A request's answer: its value, the server's problem, or `no-network` when nothing of ours was heard in time (a
    hotel's sign-in page answers HTML with 200). */
export async function ask<T>(asked: Promise<Heard<T>>): Promise<Answer<T>> {
  try {
    const heard = await asked
    if (!heard.response.ok) return refused(heard.response.status, heard.error)
    if (heard.data === undefined && heard.response.status !== NO_CONTENT) return refused(0)
    return { ok: true, value: heard.data as T } // of a 204 T is never: there is nothing to read
  } catch {
    return refused(0)
  }
}

function refused(status: number, json?: unknown): { ok: false; problem: Problem } {
  const body: Record<string, unknown> = typeof json === 'object' ? { ...json } : {}
  const text = (key: string) => (typeof body[key] === 'string' ? body[key] : '')
  const slug = text('type').replace(/^.*\//, '') || (status ? `http-${status}` : 'no-network')
  return { ok: false, problem: { slug, status, title: text('title'), detail: text('detail'), faults: faultsOf(body.faults), body } }
}

function faultsOf(value: unknown): Fault[] {
  return Array.isArray(value) ? (value as Fault[]) : []
}
