/** @file The files of an index folder: read, written under names of their own, and removed when nobody lists them. */

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync, readdirSync, rmSync } from "node:fs";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { atomicWrite, makeFolder, syncFolder, TEMPORARY_FILE, writeFailure } from "../../artifact/node.js";
import {
  fileNumber,
  filesOfIndex,
  INDEX_FILE,
  INDEX_SEGMENTS,
  parseSearchIndex,
  printSearchIndex,
  type IndexedFile,
  type SearchIndex,
} from "../../artifact/searchIndex.js";
import { ArtifactError, UsageError } from "../../errors.js";

/** What a segment's files are called; whatever else lies there is the user's. */
const OUR_FILE = /^\d{6,}[\w.-]*\.(safetensors|hnsw)$/;

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
  return { name, sha256: createHash("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length };
}

/** The same for a file that `write` makes at the path that it is given. */
export async function saveSegmentFile(
  folder: string,
  name: string,
  write: (path: string) => void,
): Promise<IndexedFile> {
  const segments = join(folder, INDEX_SEGMENTS);
  const temporary = join(segments, `.${name}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    write(temporary);
    const sha256 = await hashFile(temporary);
    const file = await open(temporary, "r+");
    const { size } = await file.stat();
    await file.sync().finally(() => file.close());
    await rename(temporary, join(segments, name));
    await syncFolder(segments);
    return { name, sha256, sizeBytes: size };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof ArtifactError ? error : writeFailure(join(segments, name), error);
  }
}

/** @returns SHA-256 in hexadecimal @throws ArtifactError when it cannot be read */
export async function hashFile(path: string): Promise<string> {
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
    (name) => TEMPORARY_FILE.test(name) || (OUR_FILE.test(name) && !listed.has(name)),
  );
}
