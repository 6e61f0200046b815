/** @file Which checkpoint a run goes on from, and which are kept. */

import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { TEMPORARY_FILE } from "../artifact/node.js";
import { ArtifactError, UsageError } from "../errors.js";
import { checkpointFile, readCheckpoint, stepOf } from "./checkpoint.js";
import { RUN } from "./layout.js";

export interface FoundCheckpoint {
  /** The run's. */
  readonly folder: string;
  readonly file: string;
  readonly step: number;
  /** What is wrong with each newer one, which is damaged. */
  readonly passedOver: readonly string[];
}

/**
 * The newest checkpoint that is whole.
 * @param path a run folder, or a checkpoint file
 * @returns null where nothing has been saved yet
 * @throws UsageError when a file is given that is not a run's checkpoint
 * @throws ArtifactError when the file that was given, or every checkpoint of the folder, is damaged
 */
export async function findCheckpoint(path: string): Promise<FoundCheckpoint | null> {
  const kind = await stat(path).catch(() => null);
  if (kind?.isFile()) return oneCheckpoint(path);
  const passedOver: string[] = [];
  for (const step of (await savedSteps(path)).reverse()) {
    const file = checkpointFile(path, step);
    try {
      await readCheckpoint(file);
      return { folder: path, file, step, passedOver };
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error;
      passedOver.push(error.message);
    }
  }
  if (passedOver.length === 0) return null;
  throw new ArtifactError(
    `${path}: no checkpoint is whole, expected one to go on from; begin again with --overwrite:\n${passedOver.join("\n")}`,
  );
}

async function oneCheckpoint(file: string): Promise<FoundCheckpoint> {
  const folder = dirname(dirname(resolve(file)));
  const { progress } = await readCheckpoint(file);
  if (checkpointFile(folder, progress.step) !== resolve(file)) {
    throw new UsageError(
      `${file}: is not where a run keeps its checkpoints, expected ${checkpointFile("RUN", progress.step)}; ` +
        "give a run folder, or a file of its folder checkpoints",
    );
  }
  return { folder, file, step: progress.step, passedOver: [] };
}

/** Steps of the checkpoints that a run folder holds, rising. */
export async function savedSteps(folder: string): Promise<number[]> {
  const names = await readdir(join(folder, RUN.checkpoints)).catch(() => [] as string[]);
  return names.flatMap((name) => stepOf(name) ?? []).sort((a, b) => a - b);
}

/**
 * Removes all but the newest `keep` checkpoints, at least one, and the best.
 * @param best step of the best one; null: none is known
 */
export async function pruneCheckpoints(folder: string, keep: number, best: number | null): Promise<void> {
  const steps = await savedSteps(folder);
  const old = steps.slice(0, -Math.max(1, keep)).filter((step) => step !== best);
  for (const step of old) await rm(checkpointFile(folder, step), { force: true });
}

/** Removes checkpoints after `step`: what they say of metrics.jsonl is no longer so once a run goes on from there. */
export async function removeNewerCheckpoints(folder: string, step: number): Promise<void> {
  for (const newer of (await savedSteps(folder)).filter((saved) => saved > step))
    await rm(checkpointFile(folder, newer), { force: true });
}

/** Removes what a killed process did not finish writing. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const part of [".", RUN.graph, RUN.tuned, RUN.exported, RUN.checkpoints, RUN.neighbours]) {
    const names = await readdir(join(folder, part)).catch(() => [] as string[]);
    for (const name of names.filter((one) => TEMPORARY_FILE.test(one)))
      await rm(join(folder, part, name), { force: true });
  }
}
