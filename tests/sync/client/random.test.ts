// Random days against the model server (TESTS.md S1, S7, S9): at rest nothing is lost, doubled or invented, base rows are
// the server's scope. RUNS and SEED set how many and which.
import { describe, expect, it } from 'vitest';
import { scopeOf, server } from './engine-kit';
import { HandClock } from './kit';
import { runDays, SITUATIONS } from './world';
import type { Backing } from './world';

const RUNS = Number(process.env['RUNS'] ?? 40);
const SEED = Number(process.env['SEED'] ?? 20261122);

function modelBacking(): Backing {
  const model = server(new HandClock());
  let backup: unknown;
  return {
    transport: (user) => model.as(user),
    async write(id, field, value) {
      if (model.records.has(`note/${id}`)) model.write('note', id, { [field]: value }, 'dora');
    },
    async move(id, is_in) {
      const to = is_in ? 'shared' : 'elsewhere';
      const record = model.records.get(`note/${id}`);
      if (record && record.bucket !== to) model.move('note', id, to);
    },
    async backup() { backup = model.backup(); },
    async restore() { model.restore(backup); },
    async ledger() {
      return new Map([...model.ledger].map(([op_id, { hash, result }]) => [op_id, {
        hash, status: String(result['status']), conflict_ids: (result['conflict_ids'] ?? []) as string[],
      }]));
    },
    async conflicts() { return new Set([...model.records.values()].filter(({ kind }) => kind === 'conflict').map(({ id }) => id)); },
    async numbers(device_id) {
      const results = model.devices.get(device_id)?.results ?? new Map();
      return {
        seqs: [...results.keys()].sort((a, b) => a - b),
        voids: [...results.values()].filter(({ op_id }) => op_id === null).length,
      };
    },
    async scope(user) { return scopeOf(model, ['shared', `home:${user}`]); },
  };
}

describe('random days', () => {
  it(`${RUNS} of them lose nothing, double nothing, invent nothing, and settle`, { timeout: 3600_000 }, async () => {
    // A situation that never occurred proves nothing.
    expect([...await runDays(modelBacking, RUNS, SEED)].sort()).toEqual(SITUATIONS);
  });
});
