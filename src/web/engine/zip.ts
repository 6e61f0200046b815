/**
 * @file A zip file of pictures. They are stored as they are: JPEG does not get smaller.
 * Source: PKWARE, APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16
 */

import { UsageError } from "../../errors.js";
import { crc32 } from "../../run/crc32.js";

export interface ZipEntry {
  /** With slashes, relative. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
/** 2.0: folders in paths. */
const VERSION_NEEDED = 20;
const UTF8_NAMES = 1 << 11;
/** 1 January 1980, midnight: equal entries give equal bytes. */
const DATE = (1 << 5) | 1;
/** Without the extensions that few programs read. */
const MOST_ENTRIES = 2 ** 16 - 1;
const MOST_BYTES = 2 ** 32 - 1;

/**
 * Parts for a Blob, in their order; the entries' bytes are among them, not copied.
 * @throws UsageError when there are more entries or bytes than the format holds
 */
export function zipParts(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer>[] {
  const named = entries.map(({ path, bytes }) => ({ name: new TextEncoder().encode(path), bytes }));
  const size = named.reduce((sum, { name, bytes }) => sum + bytes.length + 2 * name.length + 76, 0);
  if (entries.length > MOST_ENTRIES || size > MOST_BYTES) {
    throw new UsageError(
      `zip: found ${entries.length} pictures of ${size} bytes, expected at most ${MOST_ENTRIES} and 4 GiB; ` +
        `write them to a folder instead, or take out less probable ones`,
    );
  }
  const files: Uint8Array<ArrayBuffer>[] = [];
  const central: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const { name, bytes } of named) {
    const common = commonFields(name, bytes);
    const local = record([[4, LOCAL_HEADER], ...common]);
    files.push(local, name, bytes);
    // Comment's length, disk, attributes inside and outside; where the file begins.
    central.push(
      record([[4, CENTRAL_HEADER], [2, VERSION_NEEDED], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]),
      name,
    );
    at += local.length + name.length + bytes.length;
  }
  const centralSize = central.reduce((sum, part) => sum + part.length, 0);
  const counts: Field[] = [
    [2, entries.length],
    [2, entries.length],
  ];
  const end = record([[4, END], [2, 0], [2, 0], ...counts, [4, centralSize], [4, at], [2, 0]]);
  return [...files, ...central, end];
}

type Field = readonly [bytes: 2 | 4, value: number];

/** Version, flags, method 0 (stored), time, date, checksum, both sizes, lengths of name and extra field. */
function commonFields(name: Uint8Array, bytes: Uint8Array): Field[] {
  return [
    ...([
      [2, VERSION_NEEDED],
      [2, UTF8_NAMES],
      [2, 0],
      [2, 0],
      [2, DATE],
    ] as const),
    ...([
      [4, crc32(bytes)],
      [4, bytes.length],
      [4, bytes.length],
      [2, name.length],
      [2, 0],
    ] as const),
  ];
}

/** Little-endian. */
function record(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return bytes;
}
