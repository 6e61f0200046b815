/**
 * @file Many names in little room. ImageNet has 1.3 million files: as strings they would take some hundred
 * megabytes in every worker and seconds to clone; packed into shared buffers they are there once for all threads.
 */

import { createHash } from "node:crypto";

export interface NameList {
  /** The names in UTF-8, a zero byte after each. */
  readonly utf8: Uint8Array<SharedArrayBuffer>;
  /** [names] where each name ends in utf8, its zero byte included. */
  readonly ends: Uint32Array<SharedArrayBuffer>;
}

/** @param names without zero bytes, which no file name has; at most 4 GiB together */
export function packNames(names: readonly string[]): NameList {
  const ends = new Uint32Array(new SharedArrayBuffer(4 * names.length));
  let end = 0;
  names.forEach((name, row) => {
    end += Buffer.byteLength(name) + 1;
    ends[row] = end;
  });
  const utf8 = new Uint8Array(new SharedArrayBuffer(end));
  const writer = Buffer.from(utf8.buffer);
  names.forEach((name, row) => writer.write(name, row === 0 ? 0 : ends[row - 1]!));
  return { utf8, ends };
}

/** @param row from 0 to ends.length - 1 */
export function nameAt({ utf8, ends }: NameList, row: number): string {
  const start = row === 0 ? 0 : ends[row - 1]!;
  return Buffer.from(utf8.buffer, start, ends[row]! - 1 - start).toString();
}

/** The same numbers in memory that worker threads share instead of copying. */
export function shareNumbers(values: ArrayLike<number>): Float64Array<SharedArrayBuffer> {
  const shared = new Float64Array(new SharedArrayBuffer(8 * values.length));
  shared.set(values);
  return shared;
}

/** @returns SHA-256 of the parts one after another, in hexadecimal */
export function sha256Of(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
