// The laws of the merge (TESTS.md S2) by fast-check; the same by Hypothesis in tests/faults/test_merge_laws.py.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { same } from '@engine/canonical';
import { mergeFields } from '@engine/merge';
import type { Fields, Json } from '@fieldpledge/sync-client';
import { mergeTexts, segmentsOf } from '@engine/text';

const laws = { numRuns: Number(process.env['RUNS'] ?? 500), seed: Number(process.env['SEED'] ?? 20261122) };
const text = fc.array(fc.constantFrom('甲。', '乙。', '丙！', 'a. ', 'b\n', 'c'), { maxLength: 6 }).map((parts) => parts.join(''));
const value: fc.Arbitrary<Json> = fc.oneof(fc.constant(null), fc.boolean(), fc.integer({ min: -3, max: 3 }), text);
const row: fc.Arbitrary<Fields> = fc.record({ a: value, b: value, long: fc.oneof(fc.constant(null), text) });
const FIELDS = ['a', 'b', 'long'] as const;

function merged(current: Fields, base: Fields, args: Fields): ReturnType<typeof mergeFields> & { after: Fields } {
  const out = mergeFields({ current, base, args, texts: ['long'], others_wrote: false });
  return { ...out, after: { ...current, ...out.changes } };
}

const at = (fields: Fields, name: string): Json => fields[name] ?? null;

describe('the laws of the merge', () => {
  it('every field is left, written, joined or in conflict', () => {
    fc.assert(fc.property(row, row, row, (current, base, args) => {
      const out = merged(current, base, args);
      for (const name of FIELDS) {
        const [now, seen, wanted, after] = [at(current, name), at(base, name), at(args, name), at(out.after, name)];
        if (out.collided.includes(name)) expect(same(after, now) && !same(now, seen)).toBe(true);
        else if (out.joined.includes(name)) expect(typeof after).toBe('string');
        else if (same(wanted, now)) expect(same(after, now)).toBe(true);
        else expect(same(after, wanted) && same(now, seen), 'written only over what was seen').toBe(true);
      }
      expect(out.status === 'conflict').toBe(out.collided.length > 0);
    }), laws);
  });

  it('the same edit again changes nothing that it wrote', () => {
    fc.assert(fc.property(row, row, row, (current, base, args) => {
      const once = merged(current, base, args);
      const twice = merged(once.after, base, args);
      for (const name of FIELDS) {
        expect(once.joined.includes(name) || same(at(once.after, name), at(twice.after, name))).toBe(true);
      }
    }), laws);
  });

  it('edits of different fields commute', () => {
    fc.assert(fc.property(row, row, value, value, (current, base, mine, theirs) => {
      const edit = (on: Fields, name: string, wanted: Json): Fields => merged(on, { [name]: at(base, name) }, { [name]: wanted }).after;
      const [one, other] = [edit(edit(current, 'a', mine), 'b', theirs), edit(edit(current, 'b', theirs), 'a', mine)];
      expect(FIELDS.every((name) => same(at(one, name), at(other, name)))).toBe(true);
    }), laws);
  });

  it('joining texts does not depend on who came first', () => {
    fc.assert(fc.property(text, text, text, (base, mine, theirs) => {
      expect(mergeTexts(base, mine, theirs)).toBe(mergeTexts(base, theirs, mine));
      expect(mergeTexts(base, mine, base)).toBe(mine);
      expect(segmentsOf(mine).join('')).toBe(mine);
    }), laws);
  });
});
