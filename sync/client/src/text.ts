// Three-way merge of long texts by segments (M-36 … M-38), the same as the server's: to show a person what joining would
// give before she settles a conflict. Vectors: sync/vectors/text.json.

const SEGMENT = /[^]*?(?:[\n。！？；!?;]+|\.(?=[ \t\r\n\u3000]|$))[ \t\r\n\u3000]*|[^]+$/g;
const TABLE_LIMIT = 160_000;
const TEXT_LIMIT = 20_000;

/** A replacement of the base's segments from `start` to before `end`. */
interface Hunk {
  start: number;
  end: number;
  with: readonly string[];
}

/** The segments of a text; joined they are the text. */
export function segmentsOf(text: string): string[] {
  return text === '' ? [] : text.match(SEGMENT) ?? [];
}

/** The joined text, or null when the two changes touch each other. */
export function mergeTexts(base: string, mine: string, theirs: string): string | null {
  const segments = segmentsOf(base);
  const ours = hunksOf(segments, segmentsOf(mine));
  const others = hunksOf(segments, segmentsOf(theirs));
  if (!ours || !others) return null;
  const all = [...ours];
  for (const other of others) {
    const touching = ours.filter((hunk) => hunk.start <= other.end && other.start <= hunk.end);
    if (touching.length === 0) all.push(other);
    else if (touching.some((hunk) => !isEqual(hunk, other))) return null;
  }
  const joined = applied(segments, all.sort((a, b) => a.start - b.start || a.end - b.end));
  return [...joined].length > TEXT_LIMIT ? null : joined;
}

function isEqual(left: Hunk, right: Hunk): boolean {
  return left.start === right.start && left.end === right.end && left.with.join('\0') === right.with.join('\0');
}

function applied(segments: readonly string[], hunks: readonly Hunk[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    parts.push(...segments.slice(at, hunk.start), ...hunk.with);
    at = hunk.end;
  }
  return [...parts, ...segments.slice(at)].join('');
}

/** What changed from base to other; null when the comparison would be too large (M-37). */
function hunksOf(base: readonly string[], other: readonly string[]): Hunk[] | null {
  let head = 0;
  while (head < base.length && head < other.length && base[head] === other[head]) head++;
  let tail = 0;
  while (tail < base.length - head && tail < other.length - head && base.at(-1 - tail) === other.at(-1 - tail)) tail++;
  const left = base.slice(head, base.length - tail);
  const right = other.slice(head, other.length - tail);
  if (left.length * right.length > TABLE_LIMIT) return null;
  return walk(left, right, commonLengths(left, right), head);
}

/** lengths[i][j]: longest common subsequence of left from i and right from j. */
function commonLengths(left: readonly string[], right: readonly string[]): Uint32Array[] {
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i]![j] = left[i] === right[j]
        ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  return lengths;
}

function walk(left: readonly string[], right: readonly string[], lengths: readonly Uint32Array[], head: number): Hunk[] {
  const hunks: (Hunk & { with: string[] })[] = [];
  let [i, j, open] = [0, 0, false];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      [i, j, open] = [i + 1, j + 1, false];
      continue;
    }
    if (!open) hunks.push({ start: head + i, end: head + i, with: [] });
    const hunk = hunks.at(-1)!;
    open = true;
    const is_removal = i < left.length && (j >= right.length || lengths[i + 1]![j]! >= lengths[i]![j + 1]!);
    if (is_removal) hunk.end = head + ++i;
    else hunk.with.push(right[j++]!);
  }
  return hunks;
}
