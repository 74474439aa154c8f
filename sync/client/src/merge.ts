// The merge of an edit, per field (M-33, M-35), the same as the server's: for previews, and for the model server of the
// tests. Vectors: sync/vectors/merge.json.
import { same } from './canonical';
import { mergeTexts } from './text';
import type { Fields } from './words';

export interface Merging {
  current: Fields;
  base: Fields;
  args: Fields;
  /** Fields that join like M-36. */
  texts: readonly string[];
  /** Whether somebody else wrote to the record above the edit's base_rev. */
  others_wrote: boolean;
}

export interface Merged {
  changes: Fields;
  collided: string[];
  joined: string[];
  status: 'applied' | 'merged' | 'conflict';
}

/** What an edit writes, and which of its fields collide. */
export function mergeFields({ current, base, args, texts, others_wrote }: Merging): Merged {
  const merged: Merged = { changes: {}, collided: [], joined: [], status: 'applied' };
  let is_merged = others_wrote;
  for (const [field, value] of Object.entries(args)) {
    const [now, seen] = [current[field] ?? null, base[field] ?? null];
    if (!same(now, seen)) is_merged = true;
    if (same(value, now)) continue;
    if (same(now, seen)) { merged.changes[field] = value; continue; }
    const joined = texts.includes(field) && typeof now === 'string' && typeof seen === 'string' && typeof value === 'string'
      ? mergeTexts(seen, value, now) : null;
    if (joined === null) { merged.collided.push(field); continue; }
    if (joined !== now) merged.changes[field] = joined;
    merged.joined.push(field);
  }
  if (merged.collided.length > 0) merged.status = 'conflict';
  else if (is_merged) merged.status = 'merged';
  return merged;
}
