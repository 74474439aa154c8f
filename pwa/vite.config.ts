/* How the phone app and the console are built: two entries into pwa/dist, served by Flask.
   The service worker's list holds the phone's shell only: what index.html reaches, never the console. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'
import { appVersion } from './build/app-version.ts'
import { phoneShell } from './build/phone-shell.ts'
import { precompress } from './build/precompress.ts'

const root = import.meta.dirname
const consoleEntry = resolve(root, 'console/index.html')
const input: Record<string, string> = { phone: resolve(root, 'index.html') }
if (existsSync(consoleEntry)) input.console = consoleEntry
const shell = phoneShell('index.html')
const version = appVersion()

export default defineConfig({
  root,
  plugins: [
    vue(),
    shell.plugin,
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/app',
      filename: 'sw.ts',
      injectRegister: false,
      manifest: false,
      injectManifest: {
        globPatterns: ['**/*.{js,css,html,svg,png,webmanifest,json}'],
        manifestTransforms: [shell.keepPhoneOnly],
        minify: true,
      },
    }),
    precompress(),
  ],
  define: {
    __APP_VERSION__: JSON.stringify(version),
    __VUE_OPTIONS_API__: 'false', // ours and vant's components are all setup()
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
    __INTLIFY_DROP_MESSAGE_COMPILER__: 'false',
  },
  build: {
    outDir: resolve(root, 'dist'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    rollupOptions: { input },
  },
  resolve: { alias: { '@': resolve(root, 'src') } },
  test: {
    root,
    include: ['src/**/*.test.ts', '../tests/pwa/**/*.test.ts'],
    environment: 'node',
  },
})
