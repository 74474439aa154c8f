/* How the customer's page is built: its own small entry under /c/, for older browsers than ours, without a service worker. */
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { alias, define } from './build/common.ts'
import { precompress } from './build/precompress.ts'

const root = import.meta.dirname

export default defineConfig({
  root: resolve(root, 'c'),
  base: '/c/',
  publicDir: false,
  plugins: [vue(), precompress()],
  define,
  build: {
    outDir: resolve(root, 'dist/c'),
    emptyOutDir: true,
    target: ['chrome87', 'safari14', 'firefox78'],
    modulePreload: false,
    sourcemap: false,
  },
  resolve: { alias },
})
