/** @file Which checkpoint a run goes on from. */

import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RUN } from "./layout.js";

export interface FoundCheckpoint {
  /** The run's. */
  readonly folder: string;
  readonly file: string;
  readonly step: number;
  /** What is wrong with each newer one, which is damaged. */
  readonly passedOver: readonly string[];
}

const CHECKPOINT_FILE = /^step-(\d+)\.safetensors$/;

/**
 * The newest checkpoint.
 * @param path a run folder, or a checkpoint file
 * @returns null where nothing has been saved yet
 */
export async function findCheckpoint(path: string): Promise<FoundCheckpoint | null> {
  const kind = await stat(path).catch(() => null);
  const folder = kind?.isFile() ? dirname(dirname(resolve(path))) : path;
  const names = await readdir(join(folder, RUN.checkpoints)).catch(() => [] as string[]);
  const steps = names.flatMap((name) => {
    const step = CHECKPOINT_FILE.exec(name)?.[1];
    return step === undefined
      ? []
      : [{ folder, file: join(folder, RUN.checkpoints, name), step: Number(step), passedOver: [] }];
  });
  return steps.sort((a, b) => b.step - a.step)[0] ?? null;
}
