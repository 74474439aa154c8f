// A ZIP without compression (photos are compressed already): local headers, bytes, central directory. APPNOTE 6.3.

const CRC_TABLE: Uint32Array = (() => {
  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    table[n] = c >>> 0;
  }
  return table;
})();

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The parts of a ZIP, to be joined in this order. */
export function zipOf(
  files: readonly { name: string; bytes: Uint8Array<ArrayBuffer> }[], made_at: Date,
): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const common = commonHeader(name, file.bytes, made_at);
    const local = joined([number(0x04034b50, 4), common, name]);
    directory.push(joined([
      number(0x02014b50, 4), number(20, 2), common, number(0, 2 + 2 + 2 + 4), number(offset, 4), name,
    ]));
    parts.push(local, file.bytes);
    offset += local.length + file.bytes.length;
  }
  const size = directory.reduce((sum, each) => sum + each.length, 0);
  const end = joined([
    number(0x06054b50, 4), number(0, 4), number(files.length, 2), number(files.length, 2), number(size, 4),
    number(offset, 4), number(0, 2),
  ]);
  return [...parts, ...directory, end];
}

/** The 26 bytes that the local and the central header share: version needed … extra length. */
function commonHeader(name: Uint8Array, bytes: Uint8Array, made_at: Date): Uint8Array<ArrayBuffer> {
  const time = (made_at.getUTCHours() << 11) | (made_at.getUTCMinutes() << 5) | (made_at.getUTCSeconds() >> 1);
  const year = Math.max(0, made_at.getUTCFullYear() - 1980);
  const day = (year << 9) | ((made_at.getUTCMonth() + 1) << 5) | made_at.getUTCDate();
  return joined([
    number(20, 2), number(0x0800, 2), number(0, 2), number(time, 2), number(day, 2), number(crc32(bytes), 4),
    number(bytes.length, 4), number(bytes.length, 4), number(name.length, 2), number(0, 2),
  ]);
}

/** Little-endian. */
function number(value: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size && i < 4; i++) bytes[i] = (value >>> (8 * i)) & 0xff;
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
