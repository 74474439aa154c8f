import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The tests stand in tests/sync/client (HOUSE.md); the modules that they import are found from here.
export default defineConfig({
  root: at('../..'),
  resolve: {
    alias: [
      { find: /^@fieldpledge\/sync-client$/, replacement: at('src/index.ts') },
      { find: /^@fieldpledge\/sync-client\/(dexie|browser)$/, replacement: `${at('src')}/$1/index.ts` },
      { find: /^@engine\/(.*)$/, replacement: `${at('src')}/$1.ts` },
    ],
  },
  test: { include: ['tests/sync/client/**/*.test.ts'], environment: 'node', setupFiles: ['fake-indexeddb/auto'], testTimeout: 20_000 },
});
