// Canonical JSON (RFC 8785) and what may stand in a synced value.
// Values are compared as canonical text in both languages: `true == 1` and key order hide differences elsewhere.
import canonicalize from 'canonicalize';
import type { Json } from './words';

/** Member names that some reader would take for something else (M-04). */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A text may have this many code points (M-04). */
const TEXT_LIMIT = 20_000;

/** A value that cannot travel; `path` names the field. */
export class NotSyncable extends Error {
  override name = 'NotSyncable';
  constructor(readonly path: string, readonly reason: string) {
    super(`${path}: ${reason}`);
  }
}

/** The canonical text of a value. */
export function canonical(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new NotSyncable('$', 'is not a JSON value');
  return text;
}

/** Whether two values are the same canonical text; a missing one equals null. */
export function same(left: Json | undefined, right: Json | undefined): boolean {
  const [a, b] = [left ?? null, right ?? null];
  return a === b || canonical(a) === canonical(b);
}

/** Refuses what the other language would read differently, naming the path. */
export function assertSyncable(value: unknown, path = '$', depth = 0): asserts value is Json {
  if (depth > 14) throw new NotSyncable(path, 'is nested too deeply (M-65)');
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new NotSyncable(path, 'must be an integer between -(2^53-1) and 2^53-1 (M-01)');
    }
    return;
  }
  if (typeof value === 'string') return assertText(value, path);
  if (Array.isArray(value)) {
    value.forEach((each, i) => { assertSyncable(each, `${path}[${i}]`, depth + 1); });
    return;
  }
  if (typeof value !== 'object' || !isPlain(value)) throw new NotSyncable(path, 'is not a JSON value');
  for (const [key, each] of Object.entries(value)) {
    if (FORBIDDEN_NAMES.has(key)) throw new NotSyncable(path, `must not have a field called ${key}`);
    assertText(key, path);
    assertSyncable(each, `${path}.${key}`, depth + 1);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function assertText(text: string, path: string): void {
  if (/\p{Surrogate}/u.test(text)) throw new NotSyncable(path, 'holds half of a character (lone surrogate)');
  if (text.includes('\0')) throw new NotSyncable(path, 'holds a NUL');
  if (text.length > TEXT_LIMIT && [...text].length > TEXT_LIMIT) {
    throw new NotSyncable(path, 'is longer than 20,000 characters');
  }
}
