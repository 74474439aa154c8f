import { defineConfig, mergeConfig } from 'vitest/config';
import ours from './vitest.config';

// A week without network, then all of it sent: tests/sync/week/week.py starts the server and then runs one of these.
const { include: _, ...test } = ours.test ?? {};
export default mergeConfig(defineConfig({ ...ours, test }), defineConfig({ test: { include: ['tests/sync/week/**/*.e2e.ts'] } }));
