import { defineConfig, mergeConfig } from 'vitest/config';
import ours from './vitest.config';

// A week without network, then all of it sent: tests/bench/peers/own.py measures it, tests/sync/e2e/test_week.py kills the
// server while it goes on. Both start the server and then run this.
const { include: _, ...test } = ours.test ?? {};
export default mergeConfig(defineConfig({ ...ours, test }), defineConfig({ test: { include: ['tests/sync/week/**/*.e2e.ts'] } }));
