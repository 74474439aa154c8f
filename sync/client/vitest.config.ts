import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { Plugin } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Puts one mutant of tests/sync/client/mutants.json into the source while it is loaded (mutants.mjs). */
function mutant(number: string): Plugin {
  const mutants = JSON.parse(readFileSync(at('../../tests/sync/client/mutants.json'), 'utf8')) as { file: string; find: string; put: string }[];
  const { file, find, put } = mutants[Number(number)]!;
  return {
    name: `mutant ${file} ${find} ${put}`, // vitest keeps transformed files by the names of their plugins
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith(`/sync/client/src/${file}`)) return null;
      if (!code.includes(find)) throw new Error(`mutant does not fit: ${file}`);
      return code.replace(find, () => put);
    },
  };
}

// The tests stand in tests/sync/client (HOUSE.md); the modules that they import are found from here.
export default defineConfig({
  root: at('../..'),
  plugins: process.env['MUTANT'] ? [mutant(process.env['MUTANT'])] : [],
  resolve: {
    alias: [
      { find: /^@fieldpledge\/sync-client$/, replacement: at('src/index.ts') },
      { find: /^@fieldpledge\/sync-client\/(dexie|browser)$/, replacement: `${at('src')}/$1/index.ts` },
      { find: /^@engine\/(.*)$/, replacement: `${at('src')}/$1.ts` },
    ],
  },
  test: { include: ['tests/sync/client/**/*.test.ts'], environment: 'node', setupFiles: ['fake-indexeddb/auto'], testTimeout: 60_000, expect: { poll: { timeout: 20_000 } } },
});
