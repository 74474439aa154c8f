// Tests the tests: every mutant of mutants.json must be killed by the suite. `npm run mutants -w sync/client [name part]`, FROM= goes on.
// The source stays as it is: vitest.config.ts puts the mutant in while loading.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const mutants = JSON.parse(readFileSync(new URL('./mutants.json', import.meta.url), 'utf8'));
const wanted = process.argv[2] ?? '';
const first = Number(process.env.FROM ?? 0);
let alive = 0;

/** The first test that fails under a mutant; empty when none does. */
function killerOf(i, files) {
  const run = spawnSync('npx', ['--no-install', 'vitest', 'run', '--bail', '1', ...files], {
    encoding: 'utf8', env: { ...process.env, MUTANT: String(i), RUNS: process.env.RUNS ?? '40', NO_COLOR: '1' },
  });
  if (/mutant does not fit/.test(run.stdout + run.stderr)) throw new Error(`does not fit the source: ${mutants[i].name}`);
  return run.status === 0 ? '' : /(?:FAIL|×)\s+(.+)/.exec(run.stdout)?.[1] ?? 'the run itself';
}

for (const [i, { name }] of mutants.entries()) {
  if (!name.includes(wanted) || i < first) continue;
  const started = Date.now();
  // The quick files first; what they let live must fall to dying pages and random days.
  const killer = killerOf(i, ['local', 'engine', 'heal', 'files', 'leader', 'store']) || killerOf(i, ['crash', 'random']);
  if (!killer) alive += 1;
  const seconds = String(Math.round((Date.now() - started) / 1000)).padStart(3);
  console.log(`${killer ? 'killed' : 'ALIVE '} ${seconds} s  ${name}  ← ${killer.slice(0, 110)}`);
}
console.log(alive === 0 ? 'every mutant was killed' : `${alive} live`);
process.exit(alive === 0 ? 0 : 1);
