/** The version a phone shows and sends: the package's version and the commit it was built from. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export function appVersion(): string {
  const here = import.meta.dirname
  const pkg = JSON.parse(readFileSync(resolve(here, '../package.json'), 'utf8')) as { version: string }
  try {
    const commit = execFileSync('git', ['rev-parse', '--short=9', 'HEAD'], { cwd: here, stdio: ['ignore', 'pipe', 'ignore'] })
    return `${pkg.version}+${commit.toString().trim()}`
  } catch {
    return pkg.version // an unpacked archive has no history; the version alone is still true
  }
}
