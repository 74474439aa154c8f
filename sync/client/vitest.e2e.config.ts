import { defineConfig, mergeConfig } from 'vitest/config';
import ours from './vitest.config';

// Against the real server: tests/sync/e2e/test_client_against_server.py starts it and then runs this.
const { include: _, ...test } = ours.test ?? {};
export default mergeConfig(defineConfig({ ...ours, test }), defineConfig({ test: { include: ['tests/sync/e2e/**/*.e2e.ts'] } }));
