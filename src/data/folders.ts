/** @file Lists folders in an order that is the same on every machine, and says what it could not enter. */

import { readdir, realpath } from "node:fs/promises";
import type { Dirent } from "node:fs";
import path from "node:path";
import { DataError } from "../errors.js";
import { explainSystemError, kindOfPath } from "./files.js";
import { compareNaturally } from "./naturalOrder.js";

/** One folder's visible entries, in natural order. */
export interface FolderListing {
  readonly path: string;
  /** Names of all that is not a folder, broken links and pipes included: reading one says what is wrong. */
  readonly files: readonly string[];
  readonly folders: readonly string[]; // names
}

/** Something that lies among the pictures and was not taken. */
export interface SkippedPath {
  readonly path: string;
  /** What was found there, as in "found no permission to read it". */
  readonly reason: string;
}

/** Links count as what they point to; a broken one as a file. */
async function isFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return (await kindOfPath(path.join(parent, entry.name))) === "folder";
}

/**
 * Lists a folder, without the names that begin with a dot: `.DS_Store`, the `._photo.jpg` that macOS leaves
 * beside photo.jpg, and the like are never meant as data.
 * @throws DataError (as a rejection) if the folder cannot be read
 */
export async function listFolder(folder: string): Promise<FolderListing> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const found = explainSystemError(cause);
    throw new DataError(`${folder}: found ${found}, expected a readable folder; check the path`, { cause });
  }
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    ((await isFolder(folder, entry)) ? folders : files).push(entry.name);
  }
  return { path: folder, files: files.sort(compareNaturally), folders: folders.sort(compareNaturally) };
}

/** The real path of a folder and of those above it: a link to one of them leads back to where it lies. */
async function foldersAbove(folder: string): Promise<string[]> {
  const above: string[] = [];
  for (let at = await realpath(folder); at !== above.at(-1); at = path.dirname(at)) above.push(at);
  return above;
}

/**
 * Every file under a folder that `wanted` accepts, as paths relative to it with "/" between the parts, in
 * natural order. Each real folder is entered once, and none of those above, so that links cannot send the walk
 * in circles.
 * @param skipped gets the folders that cannot be read; the walk goes on without them
 */
export async function filesBelow(
  folder: string,
  wanted: (name: string) => boolean,
  skipped: SkippedPath[],
): Promise<string[]> {
  const found: string[] = [];
  const entered = new Set(await foldersAbove(path.dirname(path.resolve(folder))));
  async function walk(prefix: string): Promise<void> {
    const here = path.resolve(folder, prefix);
    let listing: FolderListing;
    try {
      const real = await realpath(here);
      if (entered.has(real)) return;
      entered.add(real);
      listing = await listFolder(here);
    } catch (error) {
      const reason = explainSystemError(error instanceof DataError ? error.cause : error);
      skipped.push({ path: here, reason });
      return;
    }
    for (const name of listing.files) if (wanted(name)) found.push(prefix + name);
    for (const name of listing.folders) await walk(`${prefix}${name}/`);
  }
  await walk("");
  return found.sort(compareNaturally);
}
