/**
 * @file Files and folders as the data formats see them: failures become DataErrors, names come in an order
 * that is the same on every machine.
 */

import { readFile, readdir, realpath, stat } from "node:fs/promises";
import type { Dirent } from "node:fs";
import path from "node:path";
import { DataError } from "../errors.js";

/** One folder's visible entries, in natural order. */
export interface FolderListing {
  readonly path: string;
  readonly files: readonly string[]; // names
  readonly folders: readonly string[]; // names
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "nothing there",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  EISDIR: "a folder",
  ENOTDIR: "a file",
  ELOOP: "a link that leads back to itself",
};

function explainSystemError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return REASONS[code] ?? String(error instanceof Error ? error.message : error);
}

/** @throws DataError (as a rejection) if the file cannot be read */
export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const found = explainSystemError(error);
    throw new DataError(`${file}: found ${found}, expected a readable file; check the path`, {
      cause: error,
    });
  }
}

/** @returns what lies at a path: "folder", "file", or null for nothing that can be read */
export async function kindOfPath(target: string): Promise<"folder" | "file" | null> {
  try {
    return (await stat(target)).isDirectory() ? "folder" : "file";
  } catch {
    return null;
  }
}

/** Links count as what they point to; a broken one as a file, so that reading it says what is wrong. */
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
  } catch (error) {
    const found = explainSystemError(error);
    throw new DataError(`${folder}: found ${found}, expected a readable folder; check the path`, {
      cause: error,
    });
  }
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    ((await isFolder(folder, entry)) ? folders : files).push(entry.name);
  }
  return { path: folder, files: files.sort(compareNaturally), folders: folders.sort(compareNaturally) };
}

/**
 * Every file under a folder that `wanted` accepts, as paths relative to it with "/" between the parts, in
 * natural order. Each real folder is entered once, so that links cannot send the walk in circles.
 */
export async function filesBelow(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  const entered = new Set<string>();
  async function walk(prefix: string): Promise<void> {
    const here = path.join(folder, prefix);
    const real = await realpath(here);
    if (entered.has(real)) return;
    entered.add(real);
    const listing = await listFolder(here);
    for (const name of listing.files) if (wanted(name)) found.push(prefix + name);
    for (const name of listing.folders) await walk(`${prefix}${name}/`);
  }
  await walk("");
  return found.sort(compareNaturally);
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Position of the first non-digit (or first non-zero, with `zerosOnly`) at or after `at`. */
function skipDigits(text: string, at: number, zerosOnly: boolean): number {
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (zerosOnly ? code !== 48 : !isDigit(code)) break;
    at++;
  }
  return at;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Order in which 2.jpg comes before 10.jpg: runs of digits compare by value, all else by UTF-16 code unit.
 * Written out because Intl.Collator's order may change with the ICU release, and with it every row number.
 * A total order: names of equal value ("1", "01") fall back to plain comparison.
 */
export function compareNaturally(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(j);
    if (isDigit(x) && isDigit(y)) {
      const aStart = skipDigits(a, i, true);
      const bStart = skipDigits(b, j, true);
      i = skipDigits(a, aStart, false);
      j = skipDigits(b, bStart, false);
      // Without leading zeros the longer number is the larger one.
      const order = i - aStart - (j - bStart) || compareText(a.slice(aStart, i), b.slice(bStart, j));
      if (order !== 0) return order;
    } else {
      if (x !== y) return x - y;
      i++;
      j++;
    }
  }
  return a.length - i - (b.length - j) || compareText(a, b);
}
