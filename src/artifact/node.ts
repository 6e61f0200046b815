/** @file Artifact folders on disk. A file is either the old one or the new one, never a part of either. */

import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ArtifactError } from "../errors.js";
import {
  completeManifest,
  MANIFEST_FILE,
  parseManifest,
  printManifest,
  type FileEntry,
  type Manifest,
  type ManifestDraft,
} from "./manifest.js";

export { MANIFEST_FILE, type ManifestDraft };

/** What a file is called until it is whole; a killed process leaves such a one behind. */
export const TEMPORARY_FILE = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** What a file is to hold: bytes, or what a function writes at the path that it is given. */
export type Content = Uint8Array | ((path: string) => void);

export interface Artifact {
  readonly folder: string;
  readonly manifest: Manifest;
  /** The files that the manifest lists, whole and as they were written. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Writes the file so that a reader, at any moment and after any crash, finds the old content or the new.
 * @throws ArtifactError when the folder cannot be written; nothing is left behind
 */
export async function atomicWrite(path: string, content: Content): Promise<void> {
  await replaceFiles([[path, content]]);
}

/**
 * Writes the files and, last, the manifest with their hashes. Makes the folder when it is missing.
 * Nothing changes in it before every file has been written in full under another name.
 * @returns the manifest as written
 * @throws ArtifactError when the folder cannot be written
 */
export async function writeArtifact(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  draft: ManifestDraft,
): Promise<Manifest> {
  const manifest = completeManifest(draft, files, describeFile);
  const text = new TextEncoder().encode(printManifest(manifest));
  await explain(folder, () => makeFolder(folder));
  await replaceFiles(
    [...files, [MANIFEST_FILE, text] as const].map(([name, bytes]) => [join(folder, name), bytes]),
  );
  return manifest;
}

/**
 * Reads the manifest and every file it lists.
 * @throws ArtifactError when the folder has no valid manifest, or listing each file that is missing, shorter
 *   or longer than the manifest says, or changed
 */
export async function readArtifact(folder: string): Promise<Artifact> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(
      `${path}: cannot be read (${error.code}), expected the manifest of an artifact folder; ` +
        "give the folder that build-graph wrote, or write one with build-graph",
      { cause: error },
    );
  });
  const manifest = parseManifest(text, path);
  const read = await Promise.all(
    Object.entries(manifest.files).map(async ([name, entry]) => ({
      name,
      ...(await readChecked(folder, name, entry)),
    })),
  );
  const faults = read.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) {
    throw new ArtifactError(
      `${folder}: ${faults.join("; ")}; copy the folder again or rebuild it with build-graph`,
    );
  }
  return { folder, manifest, files: new Map(read.map(({ name, bytes }) => [name, bytes!])) };
}

export function describeFile(bytes: Uint8Array): FileEntry {
  return { sha256: createHash("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length };
}

async function readChecked(
  folder: string,
  name: string,
  expected: FileEntry,
): Promise<{ bytes?: Uint8Array; fault?: string }> {
  try {
    const bytes = await readFile(join(folder, name));
    const found = describeFile(bytes);
    if (found.sizeBytes !== expected.sizeBytes) {
      return { fault: `${name} has ${found.sizeBytes} bytes, the manifest expects ${expected.sizeBytes}` };
    }
    if (found.sha256 !== expected.sha256) {
      return { fault: `${name} has sha256 ${found.sha256}, the manifest expects ${expected.sha256}` };
    }
    return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  } catch (error) {
    return { fault: `${name} cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

/** Writes all under other names, then renames them in order. */
async function replaceFiles(files: readonly (readonly [path: string, content: Content])[]): Promise<void> {
  const token = randomBytes(6).toString("hex");
  const staged = files.map(([path, content]) => ({
    path,
    content,
    temporary: join(dirname(path), `.${basename(path)}.${token}.tmp`),
  }));
  try {
    for (const { path, content, temporary } of staged)
      await explain(path, () => writeThrough(temporary, content));
    for (const { path, temporary } of staged) await explain(path, () => rename(temporary, path));
  } catch (error) {
    await Promise.allSettled(staged.map(({ temporary }) => rm(temporary, { force: true })));
    throw error;
  }
  for (const folder of new Set(staged.map(({ path }) => dirname(path))))
    await explain(folder, () => syncFolder(folder));
}

/** Returns when the content is on the disk and not only in its cache. */
async function writeThrough(path: string, content: Content): Promise<void> {
  const isWriter = typeof content === "function";
  if (isWriter) content(path);
  const file = await open(path, isWriter ? "r+" : "wx");
  try {
    if (!isWriter) await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the renames last. Windows cannot open a folder, and needs no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "choose a folder that you may write to",
  EPERM: "choose a folder that you may write to",
  EROFS: "choose a folder on a disk that is not read-only",
  ENOSPC: "free some space on the disk",
  EDQUOT: "free some of your quota on the disk",
  ENOTDIR: "choose a folder whose path has no file in it",
  EEXIST: "choose a folder whose path has no file in it",
  EISDIR: "remove the folder that has the file's name",
  ENOENT: "make the folder first",
};

async function explain<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof ArtifactError ? error : writeFailure(path, error);
  }
}

/**
 * Makes a folder with its parents, where they are missing. Not mkdir's own recursion: of a read-only disk that says
 * ENOENT.
 * @throws what mkdir throws for the first folder that cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await mkdir(path);
    } else if (!(await stat(path).catch(() => null))?.isDirectory()) throw error;
  }
}

/** What went wrong when `path` was written, and what to do. */
export function writeFailure(path: string, error: unknown): ArtifactError {
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = REMEDIES[code ?? ""] ?? "choose another folder";
  return new ArtifactError(
    `${path}: cannot be written (${code ?? message}), expected a writable folder; ${remedy}`,
    { cause: error },
  );
}
