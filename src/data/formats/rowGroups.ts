/**
 * @file The encoded pictures of Parquet files at random. A row group is the least that can be read of a column
 * (unless the file has a page index), and holds hundreds of pictures: those read last are kept for a while.
 */

import { openParquetFile } from "./parquetFile.js";
import type { ParquetFile, RowGroup } from "./parquetFile.js";

/** Encoded pictures kept by one reader, the last group on top. */
const KEPT_BYTES = 64 * 2 ** 20;

interface KeptGroup {
  readonly pictures: Promise<readonly (Uint8Array | null)[]>;
  bytes: number; // 0 until read
}

/** The bytes in a cell: the cell itself, or its field `bytes`. */
function bytesIn(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  const { bytes } = (value ?? {}) as { bytes?: unknown };
  return bytes instanceof Uint8Array ? bytes : null;
}

function groupOf({ groups }: ParquetFile, row: number): RowGroup {
  return groups.find(({ first, count }) => row < first + count)!;
}

/**
 * @returns reads the encoded picture of a row of a file, numbered as in `files`; null where the cell holds none
 * @throws DataError (as a rejection of what is returned) if the file cannot be read
 */
export function readPictureBytes(
  files: readonly string[],
  column: string,
): (file: number, row: number) => Promise<Uint8Array | null> {
  const opened = new Map<number, Promise<ParquetFile>>();
  const kept = new Map<string, KeptGroup>(); // oldest first
  let keptBytes = 0;

  function open(at: number): Promise<ParquetFile> {
    const known = opened.get(at) ?? openParquetFile(files[at]!);
    opened.set(at, known);
    return known;
  }

  /** Forgets the groups that were asked for longest ago, but for the last one. */
  function makeRoom(): void {
    for (const [key, group] of kept) {
      if (keptBytes <= KEPT_BYTES || kept.size === 1) return;
      if (group.bytes === 0) continue; // being read
      kept.delete(key);
      keptBytes -= group.bytes;
    }
  }

  async function readGroup(file: ParquetFile, { first, count }: RowGroup, key: string) {
    const pictures = (await file.values(column, first, first + count)).map(bytesIn);
    const group = kept.get(key);
    if (group !== undefined) {
      group.bytes = 1 + pictures.reduce((total, bytes) => total + (bytes?.byteLength ?? 0), 0);
      keptBytes += group.bytes;
      makeRoom();
    }
    return pictures;
  }

  return async (at, row) => {
    const file = await open(at);
    if (file.columns.some(({ name, hasPageIndex }) => name === column && hasPageIndex)) {
      return bytesIn((await file.values(column, row, row + 1))[0]);
    }
    const rows = groupOf(file, row);
    const key = `${at} ${rows.first}`;
    const group = kept.get(key) ?? { pictures: readGroup(file, rows, key), bytes: 0 };
    kept.delete(key);
    kept.set(key, group); // as the newest
    return (await group.pictures)[row - rows.first] ?? null;
  };
}
