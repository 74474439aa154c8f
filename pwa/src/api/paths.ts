/* Addresses of the API as types, from the server's description: `/work-orders/${id}` compiles, a misspelt one does not. */
import type { paths } from './schema'

type Fill<P extends string> = P extends `${infer Before}{${string}}${infer After}` ? `${Before}${string}${Fill<After>}` : P
type Has<P extends keyof paths, M extends string> = M extends keyof paths[P] ? ([paths[P][M]] extends [never] ? false : paths[P][M] extends undefined ? false : true) : false

/** Paths below /api that answer to a method: 'get', 'post', 'patch', 'delete'. */
export type PathOf<M extends 'get' | 'post' | 'patch' | 'delete'> = {
  [P in keyof paths & string]: P extends `/api${infer Rest}` ? (Has<P, M> extends true ? Fill<Rest> : never) : never
}[keyof paths & string]
