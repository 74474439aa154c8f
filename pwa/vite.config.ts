/* How the phone app is built, into pwa/dist, served by Flask; the console and the customer's page have builds of their own.
   The service worker's list holds the phone's shell only: what index.html reaches, never the console. */
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'
import { appVersion } from './build/app-version.ts'
import { alias, define } from './build/common.ts'
import { phoneShell } from './build/phone-shell.ts'
import { precompress } from './build/precompress.ts'

const root = import.meta.dirname
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
  define: { __APP_VERSION__: JSON.stringify(version), ...define },
  build: {
    outDir: resolve(root, 'dist'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    rollupOptions: {
      input: resolve(root, 'index.html'),
      // what three screens use is in one file: a start without a network pays for each file it fetches, 5 ms on a slow phone
      output: { codeSplitting: { groups: [{ name: 'first', minShareCount: 3 }] } },
    },
  },
  resolve: { alias },
  test: {
    root,
    include: ['src/**/*.test.ts', '../tests/pwa/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000, // a busy machine is no fault
    expect: { poll: { timeout: 20_000 } },
  },
})
