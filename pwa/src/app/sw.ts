/* The service worker: keeps the phone's shell (files of the build, each under its hash) and nothing else.
   No API answer is ever stored here: records live in IndexedDB, where they cannot be purged as a cache.
   A new version is fetched and waits; the page says when it may take over (never in the middle of unsaved work). */

interface ShellFile {
  url: string
  revision: string | null
}

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: ShellFile[] }

export {} // a module of its own: `self` below is not the page's

const FILES = self.__WB_MANIFEST
const PREFIX = 'fp-shell-'
const CACHE = PREFIX + digestOf(FILES)

self.addEventListener('install', (event) => event.waitUntil(storeShell()))
self.addEventListener('activate', (event) => event.waitUntil(dropOldShells()))
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting()
})
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return
  if (url.pathname.startsWith('/api/') || url.pathname.startsWith('/console')) return
  const isPage = event.request.mode === 'navigate'
  if (isPage && url.pathname !== '/' && url.pathname !== '/index.html' && url.pathname !== '/recover.html') return
  const path = isPage && url.pathname === '/' ? '/index.html' : url.pathname
  if (!SHELL_PATHS.has(path)) return
  event.respondWith(fromShell(path, event.request))
})

const SHELL_PATHS = new Set(FILES.map((file) => '/' + file.url))

/** All files or none: half a shell would open to a white page in a basement. */
async function storeShell(): Promise<void> {
  const cache = await caches.open(CACHE)
  await Promise.all(
    FILES.map(async (file) => {
      const address = '/' + file.url
      // a file with a hash in its name cannot be stale in the HTTP cache; the others are asked for anew
      const response = await fetch(address, { cache: file.revision ? 'reload' : 'default', credentials: 'same-origin' })
      if (!response.ok) throw new Error(`${address}: ${response.status}`)
      await cache.put(address, response)
    }),
  )
}

async function dropOldShells(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name)
  }
  await self.clients.claim()
}

async function fromShell(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  return (await cache.match(path, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request)
}

/** A short name for this set of files (FNV-1a over addresses and revisions). */
function digestOf(files: ShellFile[]): string {
  let hash = 0x811c9dc5
  for (const char of files.map((file) => `${file.url} ${file.revision ?? ''}`).sort().join('\n')) {
    hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0
  }
  return hash.toString(16)
}
