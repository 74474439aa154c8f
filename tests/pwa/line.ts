/* A line whose answers come when the test likes, and the patience of a busy machine. */
import { afterEach, beforeEach, vi } from 'vitest'

export interface Asked {
  path: string
  answer: (body: unknown, status?: number) => void
}

/** Requests of the running test, the oldest first. */
export const asked: Asked[] = []

/** Every request of this file's tests waits until it is answered. */
export function holdAnswers(): void {
  beforeEach(() => {
    asked.length = 0
    localStorage.clear()
    vi.stubGlobal('fetch', (request: Request) => new Promise<Response>((done) => {
      const answer = (body: unknown, status = 200) => done(new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } }))
      asked.push({ path: new URL(request.url).pathname, answer })
    }))
  })
  afterEach(() => vi.unstubAllGlobals())
}

/** Looks until nothing is thrown. */
export const soon = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 20_000 })

export const request = (path: string, nth = 0): Promise<Asked> => soon(() => asked.filter((one) => one.path === path)[nth] ?? Promise.reject(new Error(path)))

export const settled = () => new Promise((done) => setTimeout(done, 5))
