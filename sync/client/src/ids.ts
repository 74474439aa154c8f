// Ids are made where the record is born: UUIDv7 (RFC 9562), lower case, and SHA-256 for bytes.
import { sha256Bytes } from './sha256';

/** A new UUIDv7 for the given wall time in milliseconds. */
export function uuid7(now_ms: number, random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = randomBytes): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  let time = Math.max(0, Math.floor(now_ms));
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = hexOf(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function randomBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  return crypto.getRandomValues(bytes);
}

/** Lower-case hex of bytes. */
export function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/** SHA-256 of bytes or of a text's UTF-8, as 64 hex characters. */
export async function sha256(content: ArrayBuffer | Uint8Array<ArrayBuffer> | string): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content instanceof Uint8Array ? content : new Uint8Array(content);
  return hexOf(await digest(bytes));
}

/** SHA-256 as bytes, by WebCrypto where the page has it. */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  return subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : sha256Bytes(bytes);
}

/** kind/id, the key of a record in every table. */
export function keyOf(record: { kind: string; id: string }): string {
  return `${record.kind}/${record.id}`;
}

/** The record that a key names. */
export function recordOf(key: string): { kind: string; id: string } {
  const cut = key.indexOf('/');
  return { kind: key.slice(0, cut), id: key.slice(cut + 1) };
}

/** Instant as it travels: UTC, milliseconds, Z. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
