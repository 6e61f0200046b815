/** @file Checkpoints in the folder of a run. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { atomicWrite } from "../artifact/node.js";
import { ArtifactError } from "../errors.js";
import {
  checkpointName,
  decodeCheckpoint,
  encodeCheckpoint,
  REMEDY,
  type RunCheckpoint,
} from "./checkpointBytes.js";
import { RUN } from "./layout.js";

export { stepName, type RunCheckpoint } from "./checkpointBytes.js";

const NAME = /^step-(\d{9,})\.safetensors$/;

export const checkpointFile = (folder: string, step: number): string =>
  join(folder, RUN.checkpoints, checkpointName(step));

/** Steps done, from a checkpoint's file name; null for other files. */
export function stepOf(file: string): number | null {
  const digits = NAME.exec(file)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * @param folder of the run; its folder of checkpoints exists
 * @throws ArtifactError when it cannot be written; earlier checkpoints are then as they were
 */
export async function writeCheckpoint(folder: string, checkpoint: RunCheckpoint): Promise<void> {
  await atomicWrite(checkpointFile(folder, checkpoint.progress.step), encodeCheckpoint(checkpoint, sha256));
}

/** @throws ArtifactError when it cannot be read, is damaged, or of another version */
export async function readCheckpoint(file: string): Promise<RunCheckpoint> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(`${file}: cannot be read (${error.code}), expected a checkpoint; ${REMEDY}`, {
      cause: error,
    });
  });
  return decodeCheckpoint(bytes, file, sha256);
}

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
