/** @file The files of an index folder: read, written under names of their own, and removed when nobody lists them. */

import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, rmSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { atomicWrite, describeFile, makeFolder, TEMPORARY_FILE, writeFailure } from "../../artifact/node.js";
import {
  fileNumber,
  filesOfIndex,
  INDEX_FILE,
  INDEX_SEGMENTS,
  parseSearchIndex,
  printSearchIndex,
  SEGMENT_FILE,
  type IndexedFile,
  type SearchIndex,
} from "../../artifact/searchIndex.js";
import { ArtifactError, UsageError } from "../../errors.js";

/** What its maker says of an index; the rest is empty at first. */
export type IndexDraft = Pick<SearchIndex, "dim" | "precision" | "model" | "pictures">;

export function isIndexFolder(folder: string): boolean {
  return existsSync(join(folder, INDEX_FILE));
}

/** @throws ArtifactError when there is none, or it is damaged */
export async function readIndex(folder: string): Promise<SearchIndex> {
  const path = join(folder, INDEX_FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(
      `${path}: cannot be read (${error.code}), expected an index folder; write one with onnx-instdisc index create`,
      { cause: error },
    );
  });
  return parseSearchIndex(text, path);
}

/** When this returns, the index is what is written here, whatever happens. */
export async function writeIndex(folder: string, index: SearchIndex): Promise<void> {
  await atomicWrite(join(folder, INDEX_FILE), new TextEncoder().encode(printSearchIndex(index)));
}

/**
 * Makes an index without vectors.
 * @throws UsageError when the folder holds anything; ArtifactError when it cannot be written
 */
export async function createIndexFolder(folder: string, draft: IndexDraft): Promise<void> {
  try {
    await makeFolder(folder);
    const present = await readdir(folder);
    if (present.length > 0) {
      throw new UsageError(
        `${folder}: is not empty (${present.length} found), expected a new or empty folder; choose another, or remove it`,
      );
    }
    await makeFolder(join(folder, INDEX_SEGMENTS));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw writeFailure(folder, error);
  }
  const format = "onnx-instdisc index";
  await writeIndex(folder, { format, formatVersion: 1, ...draft, segments: [], hnsw: null, next: 1 });
}

/** Gives out numbers that no file of the index has had. */
export class FileNumbers {
  constructor(private following: number) {}

  get next(): number {
    return this.following;
  }

  take(): string {
    return fileNumber(this.following++);
  }
}

/** Writes a file of a segment. It is on the disk when this returns, and part of the index once index.json lists it. */
export async function writeSegmentFile(
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<IndexedFile> {
  await atomicWrite(join(folder, INDEX_SEGMENTS, name), bytes);
  return { name, ...describeFile(bytes) };
}

/** The same for a file that `write` makes at the path that it is given. */
export async function saveSegmentFile(
  folder: string,
  name: string,
  write: (path: string) => void,
): Promise<IndexedFile> {
  const path = join(folder, INDEX_SEGMENTS, name);
  await atomicWrite(path, write);
  return { name, sha256: await hashFile(path), sizeBytes: (await stat(path)).size };
}

/**
 * @returns where the graph is, for usearch, which takes its links as they are
 * @throws ArtifactError unless it is what was written
 */
export async function checkGraph(folder: string, { name, sha256 }: IndexedFile): Promise<string> {
  const path = join(folder, INDEX_SEGMENTS, name);
  const found = await hashFile(path);
  if (found === sha256) return path;
  throw new ArtifactError(
    `${path}: has sha256 ${found}, index.json expects ${sha256}; build the graph again with onnx-instdisc index hnsw`,
  );
}

/** @returns SHA-256 in hexadecimal @throws ArtifactError when it cannot be read */
async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 }))
      hash.update(piece as Buffer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ArtifactError(`${path}: cannot be read (${code}), expected a file of the index; restore it`, {
      cause: error,
    });
  }
  return hash.digest("hex");
}

/** Removes what interrupted changes left and what later ones replaced. Only who has the lock may. */
export function sweep(folder: string, index: SearchIndex): void {
  const listed = new Set(filesOfIndex(index).map(({ name }) => name));
  const remove = (inside: string, isGone: (name: string) => boolean): void => {
    for (const name of readdirSync(inside).filter(isGone)) {
      // One that cannot be removed now, such as one that is open on Windows, is next time.
      try {
        rmSync(join(inside, name), { force: true });
      } catch {
        continue;
      }
    }
  };
  remove(folder, (name) => TEMPORARY_FILE.test(name));
  remove(
    join(folder, INDEX_SEGMENTS),
    (name) => TEMPORARY_FILE.test(name) || (SEGMENT_FILE.test(name) && !listed.has(name)),
  );
}
