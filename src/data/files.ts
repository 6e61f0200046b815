/**
 * @file Reads files for the data formats: only regular files are ever read, so that a pipe or a device that bears
 * a picture's name cannot hold up a run, and every failure becomes a DataError with the path in it.
 */

import { constants } from "node:fs";
import type { Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { DataError } from "../errors.js";

/** Larger files are refused where a whole file is asked for: a picture is never as large. */
const MOST_BYTES = 2 ** 30;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "nothing there",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  EISDIR: "a folder",
  ENOTDIR: "a file",
  ELOOP: "a link that leads back to itself",
  ENAMETOOLONG: "a path too long for this system",
  ENXIO: "a socket or a device that is not there",
  EMFILE: "too many open files",
};

/** @returns what was found, for a message: "nothing there", "no permission to read it", ... */
export function explainSystemError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return REASONS[code] ?? String(error instanceof Error ? error.message : error);
}

function unreadable(file: string, found: string, cause?: unknown): DataError {
  return new DataError(`${file}: found ${found}, expected a readable file; check the path`, { cause });
}

/** What a path leads to when it is no regular file. */
function nameKind(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}

/** Opens a regular file, hands it with its size to `use` and closes it again. */
async function withFile<T>(file: string, use: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  let handle: FileHandle | null = null;
  try {
    // Without O_NONBLOCK, opening a pipe waits for somebody to write into it. Regular files do not mind.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw unreadable(file, nameKind(stats));
    return await use(handle, stats.size);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw unreadable(file, explainSystemError(error), error);
  } finally {
    await handle?.close();
  }
}

/** @returns as many of `length` bytes from `offset` on as the file has */
async function readUpTo(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** @throws DataError (as a rejection) if the file cannot be read or is larger than 1 GiB */
export function readBytes(file: string): Promise<Uint8Array> {
  return withFile(file, (handle, size) => {
    if (size > MOST_BYTES) throw unreadable(file, `${size} bytes, more than ${MOST_BYTES}`);
    return readUpTo(handle, 0, size);
  });
}

/**
 * A part of a file. The file is opened each time: a few dozen microseconds beside the milliseconds of a decoder,
 * and no handle outlives its use.
 * @throws DataError (as a rejection) if the file cannot be read or ends before offset + length
 */
export function readRange(file: string, offset: number, length: number): Promise<Uint8Array> {
  return withFile(file, async (handle, size) => {
    const bytes = await readUpTo(handle, offset, Math.max(0, Math.min(length, size - offset)));
    if (bytes.length === length) return bytes;
    throw new DataError(
      `${file}: found ${size} bytes, expected at least ${offset + length}; download or copy it again`,
    );
  });
}

/**
 * Size and bytes of a file in pieces, for what must look at all of a large file.
 * @param pieceBytes of each piece but the last
 * @throws DataError (as a rejection) if the file cannot be read
 */
export function readPieces(
  file: string,
  pieceBytes: number,
  use: (piece: Uint8Array, offset: number) => void,
): Promise<number> {
  return withFile(file, async (handle, size) => {
    for (let offset = 0; offset < size; offset += pieceBytes) {
      use(await readUpTo(handle, offset, Math.min(pieceBytes, size - offset)), offset);
    }
    return size;
  });
}

/** @throws DataError (as a rejection) if there is no regular file that can be read */
export function sizeOfFile(file: string): Promise<number> {
  return withFile(file, (_, size) => Promise.resolve(size));
}

/** @returns what lies at a path: "folder", "file", or null for nothing that can be read */
export async function kindOfPath(target: string): Promise<"folder" | "file" | null> {
  try {
    return (await stat(target)).isDirectory() ? "folder" : "file";
  } catch {
    return null;
  }
}
