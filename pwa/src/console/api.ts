/* The console's requests: the typed client, a 401 anywhere leads to the sign-in, and addresses of files for links. */
import { createFinalURL, createQuerySerializer, defaultPathSerializer } from 'openapi-fetch'
import { clientOf } from '@/api/client'
import type { paths } from '@/api/schema'

const PATIENCE_MS = 20_000
const FILE_PATIENCE_MS = 600_000
let on401: () => void = () => undefined

export const api = clientOf(PATIENCE_MS)
api.use({
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== '/api/sign-in') on401()
  },
})

/** For a file's bytes, which take longer on their way. */
export const filesApi = clientOf(FILE_PATIENCE_MS)

/** What to do when the session has ended; set once by the router. */
export function whenSignedOut(run: () => void): void {
  on401 = run
}

type Asked<Path extends keyof paths> = paths[Path] extends { get: { parameters: infer Params extends object } } ? Params : never

/** The address of a file of the API, for a link. */
export function addressOf<Path extends keyof paths>(path: Path, params: Asked<Path>): string {
  return createFinalURL(path, { baseUrl: '', params, querySerializer: createQuerySerializer(), pathSerializer: defaultPathSerializer })
}
