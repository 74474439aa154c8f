/* How the console is built: into the phone's dist, after it and apart from it. Built together, what both use would be cut
   into small files, and a phone that starts without a network pays for each. */
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { appVersion } from './build/app-version.ts'
import { alias, define } from './build/common.ts'
import { precompress } from './build/precompress.ts'

const root = import.meta.dirname

export default defineConfig({
  root,
  publicDir: false,
  plugins: [vue(), precompress()],
  define: { __APP_VERSION__: JSON.stringify(appVersion()), ...define },
  build: {
    outDir: resolve(root, 'dist'),
    emptyOutDir: false,
    target: 'es2022',
    sourcemap: false,
    rollupOptions: { input: resolve(root, 'console/index.html') },
  },
  resolve: { alias },
})
