/**
 * @file A checkpoint: one safetensors file with all that a run needs to go on. Its header's metadata holds the progress
 * and a checksum, SHA-256 of the whole file with zeros in the checksum's place.
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { atomicWrite } from "../artifact/node.js";
import { readSafetensors, writeSafetensors } from "../artifact/safetensors.js";
import { ArtifactError } from "../errors.js";
import type { RawTensor } from "../ir/rawTensor.js";
import { RUN } from "./layout.js";
import type { Progress } from "./progress.js";

export interface RunCheckpoint {
  /** Parameters, statistics, momentum, and the bank under "bank". */
  readonly tensors: ReadonlyMap<string, RawTensor>;
  readonly progress: Progress;
}

const VERSION = "1";
const NAME = /^step-(\d{9,})\.safetensors$/;
const REMEDY = "resume from another checkpoint, or begin again with --overwrite";
/** In metadata; inside of the progress, quotes are escaped and do not match. */
const CHECKSUM_KEY = '"sha256":"';
const ZEROS = "0".repeat(64);

/** "step-000001200": of a checkpoint, and of all else that belongs to a step. */
export const stepName = (step: number): string => `step-${String(step).padStart(9, "0")}`;

export const checkpointFile = (folder: string, step: number): string =>
  join(folder, RUN.checkpoints, `${stepName(step)}.safetensors`);

/** Steps done, from a checkpoint's file name; null for other files. */
export function stepOf(file: string): number | null {
  const digits = NAME.exec(file)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * @param folder of the run; its folder of checkpoints exists
 * @throws ArtifactError when it cannot be written; earlier checkpoints are then as they were
 */
export async function writeCheckpoint(folder: string, { tensors, progress }: RunCheckpoint): Promise<void> {
  const metadata = {
    format: "pt",
    checkpointVersion: VERSION,
    progress: JSON.stringify(progress),
    sha256: ZEROS,
  };
  const bytes = writeSafetensors({ tensors, metadata });
  const place = checksumPlace(bytes)!;
  bytes.set(new TextEncoder().encode(checksum(bytes, place)), place);
  await atomicWrite(checkpointFile(folder, progress.step), bytes);
}

/** @throws ArtifactError when it cannot be read, is damaged, or of another version */
export async function readCheckpoint(file: string): Promise<RunCheckpoint> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(`${file}: cannot be read (${error.code}), expected a checkpoint; ${REMEDY}`, {
      cause: error,
    });
  });
  const { tensors, metadata } = readSafetensors(bytes, file);
  verify(bytes, file);
  const { checkpointVersion: version, progress } = metadata;
  if (version !== VERSION || progress === undefined) {
    throw new ArtifactError(
      `${file}: is a checkpoint of version ${version ?? "unknown"}, expected ${VERSION}; ` +
        "resume with the onnx-instdisc that wrote it",
    );
  }
  return { tensors, progress: JSON.parse(progress) as Progress };
}

function verify(bytes: Uint8Array, file: string): void {
  const place = checksumPlace(bytes);
  if (place === null)
    throw new ArtifactError(`${file}: has no checksum in its header, expected a checkpoint; ${REMEDY}`);
  const said = new TextDecoder().decode(bytes.subarray(place, place + ZEROS.length));
  const found = checksum(bytes, place);
  if (found !== said)
    throw new ArtifactError(`${file}: has sha256 ${found}, its header says ${said}; ${REMEDY}`);
}

/** Where the checksum's digits begin. */
function checksumPlace(file: Uint8Array): number | null {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  const key = bytes.subarray(0, headerEnd).indexOf(CHECKSUM_KEY);
  const place = key + CHECKSUM_KEY.length;
  return key < 0 || place + ZEROS.length > headerEnd ? null : place;
}

function checksum(bytes: Uint8Array, place: number): string {
  const hash = createHash("sha256").update(bytes.subarray(0, place)).update(ZEROS);
  return hash.update(bytes.subarray(place + ZEROS.length)).digest("hex");
}
