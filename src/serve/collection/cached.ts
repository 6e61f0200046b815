/** @file Collections are made once, and kept beside what they were made of: under a name that changes with it. */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION, parseCollection, type Collection } from "../../artifact/collection.js";
import { writeFailure } from "../../artifact/node.js";
import { sha256Of } from "../../data/names.js";
import type { TellProgress } from "../progress.js";
import type { CollectionSource } from "./source.js";
import { writeCollection } from "./writeCollection.js";

/** Changes when writeCollection makes something else of the same source. */
const RECIPE = "1";
const NAME_LENGTH = 16;
const FINISHED = /^[0-9a-f]{16}$/;
const UNFINISHED = /^\.[0-9a-f]{12}\.tmp$/;
const LONGEST_MS = 24 * 3600 * 1000;

export interface CachedCollection {
  readonly folder: string;
  readonly description: Collection;
}

/**
 * The collection of a source, made where it is not there yet. It appears at once or not at all; older ones go.
 * @param root the folder of all collections of this place
 * @throws ArtifactError when the folder cannot be written or what is in it is damaged
 */
export async function cachedCollection(
  source: CollectionSource,
  root: string,
  tell: TellProgress,
): Promise<CachedCollection> {
  const name = sha256Of(RECIPE, source.sha256).slice(0, NAME_LENGTH);
  const folder = join(root, name);
  if (!existsSync(join(folder, COLLECTION.description))) {
    await make(source, root, folder, tell);
    await removeOthers(root, name);
  }
  const where = join(folder, COLLECTION.description);
  return { folder, description: parseCollection(await readFile(where, "utf8"), where) };
}

async function make(
  source: CollectionSource,
  root: string,
  folder: string,
  tell: TellProgress,
): Promise<void> {
  const unfinished = join(root, `.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeCollection(source, unfinished, { originals: true, tell });
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {}); // the first error says more
    // Another process was faster: it made the same.
    if (existsSync(join(folder, COLLECTION.description))) return;
    const isOfSystem = error instanceof Error && "syscall" in error;
    throw isOfSystem ? writeFailure(folder, error) : error;
  }
}

/** Those of other vectors, and what a killed process left behind: nobody works at one for so long. */
async function removeOthers(root: string, name: string): Promise<void> {
  for (const other of await readdir(root)) {
    const isOld = FINISHED.test(other) && other !== name;
    const isLeft = UNFINISHED.test(other) && (await ageMs(join(root, other))) > LONGEST_MS;
    if (isOld || isLeft) await rm(join(root, other), { recursive: true, force: true });
  }
}

async function ageMs(path: string): Promise<number> {
  return Date.now() - (await stat(path)).mtimeMs;
}
