/**
 * @file A checkpoint: one safetensors file with all that a run needs to go on. Its header's metadata holds the progress
 * and a checksum, SHA-256 of the whole file with zeros in the checksum's place. Nothing here imports Node.
 */

import { readSafetensors, writeSafetensors } from "../artifact/safetensors.js";
import { ArtifactError } from "../errors.js";
import type { RawTensor } from "../ir/rawTensor.js";
import type { Progress } from "./progress.js";

export interface RunCheckpoint {
  /** Parameters, statistics, momentum, and the bank under "bank". */
  readonly tensors: ReadonlyMap<string, RawTensor>;
  readonly progress: Progress;
}

/** SHA-256 of the parts one after another, in hexadecimal. */
export type Hash = (...parts: readonly Uint8Array[]) => string;

const VERSION = "1";
export const REMEDY = "resume from another checkpoint, or begin again with --overwrite";
/** In metadata; inside of the progress, quotes are escaped and do not match. */
const CHECKSUM_KEY = new TextEncoder().encode('"sha256":"');
const ZEROS = new TextEncoder().encode("0".repeat(64));

/** "step-000001200": of a checkpoint, and of all else that belongs to a step. */
export const stepName = (step: number): string => `step-${String(step).padStart(9, "0")}`;

export const checkpointName = (step: number): string => `${stepName(step)}.safetensors`;

export function encodeCheckpoint({ tensors, progress }: RunCheckpoint, hash: Hash): Uint8Array<ArrayBuffer> {
  const metadata = {
    format: "pt",
    checkpointVersion: VERSION,
    progress: JSON.stringify(progress),
    sha256: new TextDecoder().decode(ZEROS),
  };
  const bytes = writeSafetensors({ tensors, metadata });
  const place = checksumPlace(bytes)!;
  bytes.set(new TextEncoder().encode(checksum(bytes, place, hash)), place);
  return bytes;
}

/** @throws ArtifactError when it is damaged, or of another version */
export function decodeCheckpoint(bytes: Uint8Array, where: string, hash: Hash): RunCheckpoint {
  const { tensors, metadata } = readSafetensors(bytes, where);
  verify(bytes, where, hash);
  const { checkpointVersion: version, progress } = metadata;
  if (version !== VERSION || progress === undefined) {
    throw new ArtifactError(
      `${where}: is a checkpoint of version ${version ?? "unknown"}, expected ${VERSION}; ` +
        "resume with the onnx-instdisc that wrote it",
    );
  }
  return { tensors, progress: JSON.parse(progress) as Progress };
}

function verify(bytes: Uint8Array, where: string, hash: Hash): void {
  const place = checksumPlace(bytes);
  if (place === null)
    throw new ArtifactError(`${where}: has no checksum in its header, expected a checkpoint; ${REMEDY}`);
  const said = new TextDecoder().decode(bytes.subarray(place, place + ZEROS.length));
  const found = checksum(bytes, place, hash);
  if (found !== said)
    throw new ArtifactError(`${where}: has sha256 ${found}, its header says ${said}; ${REMEDY}`);
}

/** Where the checksum's digits begin. */
function checksumPlace(file: Uint8Array): number | null {
  const length = new DataView(file.buffer, file.byteOffset, file.byteLength).getBigUint64(0, true);
  const header = file.subarray(0, 8 + Number(length));
  for (let at = 8; at + CHECKSUM_KEY.length + ZEROS.length <= header.length; at++) {
    if (CHECKSUM_KEY.every((byte, offset) => header[at + offset] === byte)) return at + CHECKSUM_KEY.length;
  }
  return null;
}

function checksum(bytes: Uint8Array, place: number, hash: Hash): string {
  return hash(bytes.subarray(0, place), ZEROS, bytes.subarray(place + ZEROS.length));
}
