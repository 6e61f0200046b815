/**
 * @file The exported folder on disk, replaced as one. All files are written beside it first; then the old folder is
 * renamed away and the new one takes its name, two calls with nothing between them. Whenever the process is killed,
 * the name stands for the whole old folder or the whole new one; between the two calls, some microseconds, for
 * neither, and the next export puts the old one back.
 */

import { randomBytes } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { access, constants, mkdir, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { atomicWrite, makeFolder, syncFolder, writeFailure } from "../artifact/node.js";
import { InstdiscError, UsageError } from "../errors.js";

/** Which names, with "/" between folder and file, are ours; whatever else lies in the folder is the user's. */
export type IsOurs = (name: string) => boolean;

/**
 * Finds out, before anything is computed, whether the folder can be written.
 * @param out as the user gave it
 * @returns the folder itself, where `out` is a link
 * @throws UsageError when it holds files and `overwrite` is not set, or is the current folder or one above it
 * @throws ArtifactError when it cannot be written to
 */
export async function checkFolder(out: string, overwrite: boolean, isOurs: IsOurs): Promise<string> {
  const folder = await realpath(out).catch(() => resolve(out));
  if (isWithin(process.cwd(), folder)) {
    throw new UsageError(
      `--out ${out}: is the current folder or one above it, expected one that can be replaced; name another`,
    );
  }
  await explained(folder, async () => {
    await makeFolder(dirname(folder));
    await access(dirname(folder), constants.W_OK);
    await tidyUp(folder, isOurs);
    const found = await stat(folder).catch(() => null);
    if (found === null) return;
    const { length } = await readdir(folder);
    if (length > 0 && !overwrite) {
      throw new UsageError(
        `--out ${out}: is not empty (${length} found), expected an empty or new folder; ` +
          "choose another, or pass --overwrite to replace what an earlier export wrote there",
      );
    }
  });
  return folder;
}

/**
 * Makes the folder hold exactly `files` of all names that are ours. What else lies in it stays.
 * @param files bytes by name, with "/" between folder and file; names that `isOurs` knows
 * @throws ArtifactError when it cannot be written; the folder is as it was then
 */
export async function replaceFolder(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  isOurs: IsOurs,
): Promise<void> {
  const token = randomBytes(6).toString("hex");
  const [staged, former] = [siblingOf(folder, token, "tmp"), siblingOf(folder, token, "old")];
  await explained(folder, async () => {
    try {
      await mkdir(staged);
      for (const [name, bytes] of files) {
        await makeFolder(dirname(join(staged, name)));
        await atomicWrite(join(staged, name), bytes);
      }
    } catch (error) {
      await rm(staged, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
    exchange(folder, staged, former);
    await syncFolder(dirname(folder));
    await tidyUp(folder, isOurs);
  });
}

/** Renames `folder`, where it is there, to `former`, and `staged` to `folder`. */
function exchange(folder: string, staged: string, former: string): void {
  try {
    renameSync(folder, former);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  try {
    renameSync(staged, folder);
  } catch (error) {
    if (existsSync(former)) renameSync(former, folder);
    throw error;
  }
}

const siblingOf = (folder: string, token: string, kind: "tmp" | "old"): string =>
  join(dirname(folder), `.${basename(folder)}.${token}.${kind}`);

/**
 * Ends what an export, this one or one that was killed, has begun: takes the user's files over from the folder that
 * was replaced, and removes what is not needed any more.
 */
async function tidyUp(folder: string, isOurs: IsOurs): Promise<void> {
  const prefix = `.${basename(folder)}.`;
  const left = (await readdir(dirname(folder)))
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{12}\.(tmp|old)$/.test(name.slice(prefix.length)))
    .map((name) => join(dirname(folder), name));
  for (const path of left.filter((name) => name.endsWith(".old"))) {
    if ((await stat(folder).catch(() => null)) === null) await rename(path, folder);
    else await carryOver(path, folder, "", isOurs);
  }
  for (const path of left) await rm(path, { recursive: true, force: true });
}

/** Moves all that is not ours and not there yet. */
async function carryOver(from: string, to: string, prefix: string, isOurs: IsOurs): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    const target = join(to, entry.name);
    if (isOurs(name)) continue;
    const there = await stat(target).catch(() => null);
    if (there === null) await rename(join(from, entry.name), target);
    else if (there.isDirectory() && entry.isDirectory())
      await carryOver(join(from, entry.name), target, `${name}/`, isOurs);
  }
}

/** Whether `path` is `folder` or lies in it. */
function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || !(way.startsWith("..") || resolve(way) === way);
}

async function explained(folder: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw error instanceof InstdiscError ? error : writeFailure(folder, error);
  }
}
