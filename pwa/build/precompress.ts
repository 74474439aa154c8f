/* Writes .br and .gz beside every text file of the build, so that the server sends bytes and spends no time.
   Runs last, after the service worker is written. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|html|svg|json|webmanifest)$/
const WORTH_IT_BYTES = 512

export function precompress(): Plugin {
  let outDir = ''
  return {
    name: 'fieldpledge-precompress',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      outDir = config.build.outDir
    },
    closeBundle: {
      sequential: true,
      order: 'post',
      handler() {
        for (const file of readdirSync(outDir, { recursive: true, encoding: 'utf8' })) {
          if (TEXT.test(file)) compressOne(join(outDir, file))
        }
      },
    },
  }
}

function compressOne(path: string): void {
  if (existsSync(`${path}.br`)) return // by the build before this one
  const bytes = readFileSync(path)
  if (bytes.length < WORTH_IT_BYTES) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
}
