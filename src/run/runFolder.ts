/** @file The folder of a run: made, or cleared, before anything is computed. */

import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, TEMPORARY_FILE, writeFailure } from "../artifact/node.js";
import { UsageError } from "../errors.js";
import { RUN } from "./layout.js";

const ARTIFACT_FILES = /^(manifest\.json|[\w-]+\.(onnx|safetensors))$/;

/** What a run writes into its own folders; whatever else lies there is the user's. */
const OUR_FOLDERS: Readonly<Record<string, RegExp>> = {
  [RUN.graph]: ARTIFACT_FILES,
  [RUN.tuned]: /^(tuning\.json|[\w-]+\.onnx)$/,
  [RUN.exported]: ARTIFACT_FILES,
  [RUN.checkpoints]: /^step-\d+\.safetensors$/,
  [RUN.neighbours]: /^step-\d+\.png$/,
};

const OUR_FILES: readonly string[] = [
  RUN.metrics,
  RUN.timings,
  RUN.log,
  RUN.config,
  RUN.environment,
  RUN.report,
];
const TENSORBOARD_FILE = /^events\.out\.tfevents\./;

/**
 * Makes `folder` ready to take a run. Of an earlier run only our own files, and folders that held nothing else, are
 * removed.
 * @throws UsageError when it holds files and `overwrite` is not set
 * @throws ArtifactError when it cannot be written to
 */
export async function prepareRunFolder(folder: string, overwrite: boolean): Promise<void> {
  try {
    await makeFolder(folder);
    const present = await readdir(folder);
    if (present.length > 0 && !overwrite) {
      throw new UsageError(
        `${folder}: is not empty (${present.length} found), expected an empty or new folder; ` +
          "choose another --out, pass --resume auto to go on with the run in it, or --overwrite to begin again",
      );
    }
    const isOurs = (name: string): boolean => OUR_FILES.includes(name) || TENSORBOARD_FILE.test(name);
    await removeFiles(folder, isOurs);
    for (const [name, ours] of Object.entries(OUR_FOLDERS))
      if (present.includes(name)) await clearFolder(join(folder, name), ours);
    // Also finds out now whether the folder can be written to.
    await makeFolder(join(folder, RUN.checkpoints));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw writeFailure(folder, error);
  }
}

async function removeFiles(folder: string, isOurs: (name: string) => boolean): Promise<void> {
  const names = (await readdir(folder)).filter((name) => isOurs(name) || TEMPORARY_FILE.test(name));
  for (const name of names) await rm(join(folder, name), { force: true });
}

async function clearFolder(folder: string, ours: RegExp): Promise<void> {
  await removeFiles(folder, (name) => ours.test(name));
  // It stays where it holds more, and where it is a link to a folder elsewhere.
  const kept = ["ENOTEMPTY", "EEXIST", "ENOTDIR"];
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (!kept.includes(error.code ?? "")) throw error;
  });
}
