/* Finds which built files the phone's entry reaches (static and dynamic imports, their CSS and pictures), so that the
   service worker stores exactly the phone's shell. A file of the console in that list would cost every phone its data. */
import type { Plugin } from 'vite'

interface ManifestEntry {
  url: string
  revision: string | null
  size: number
}
interface Chunk {
  type: 'chunk'
  fileName: string
  imports: string[]
  dynamicImports: string[]
  viteMetadata?: { importedCss: Set<string>; importedAssets: Set<string> }
}

const ALWAYS = /^(index\.html|recover\.html|recover\.js|recover\.css|early\.js|manifest\.webmanifest|icons\/.*)$/

export function phoneShell(entryHtml: string) {
  const reached = new Set<string>()

  function walk(fileName: string, byName: Map<string, Chunk>): void {
    if (reached.has(fileName)) return
    reached.add(fileName)
    const chunk = byName.get(fileName)
    if (!chunk) return
    for (const file of chunk.viteMetadata?.importedCss ?? []) reached.add(file)
    for (const file of chunk.viteMetadata?.importedAssets ?? []) reached.add(file)
    for (const next of [...chunk.imports, ...chunk.dynamicImports]) walk(next, byName)
  }

  const plugin: Plugin = {
    name: 'fieldpledge-phone-shell',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const byName = new Map<string, Chunk>()
      for (const item of Object.values(bundle)) {
        if (item.type === 'chunk') byName.set(item.fileName, item as unknown as Chunk)
      }
      for (const item of Object.values(bundle)) {
        if (item.type === 'chunk' && item.facadeModuleId?.replaceAll('\\', '/').endsWith(`/pwa/${entryHtml}`)) {
          walk(item.fileName, byName)
        }
      }
    },
  }

  const keepPhoneOnly = async (entries: ManifestEntry[]) => ({
    manifest: entries.filter((entry) => ALWAYS.test(entry.url) || reached.has(entry.url)),
    warnings: [],
  })

  return { plugin, keepPhoneOnly }
}
