/**
 * @file The last bytes of a saved graph: what was saved, and how long it is. usearch brings the process down over a file
 * that was cut off, and does not tell one storage from another; so nothing is handed to it that does not end in these.
 */

import { appendFileSync, closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { ArtifactError } from "../errors.js";

export const STORAGES = ["i8", "f16", "f32"] as const;
export type Storage = (typeof STORAGES)[number];

export interface GraphFile {
  readonly dim: number;
  readonly storage: Storage;
  readonly connectivity: number;
  readonly expansionAdd: number;
}

/** "inst.nsw", little-endian, and the version of what stands before it. */
const MAGIC = 0x77736e2e74736e69n;
const VERSION = 1;
const TAIL_BYTES = 40;

/** Signs a file that usearch has written. */
export function appendTail(path: string, { dim, storage, connectivity, expansionAdd }: GraphFile): void {
  const tail = new DataView(new ArrayBuffer(TAIL_BYTES));
  tail.setFloat64(0, statSync(path).size, true);
  [dim, STORAGES.indexOf(storage), connectivity, expansionAdd, VERSION].forEach((value, at) =>
    tail.setUint32(8 + 4 * at, value, true),
  );
  tail.setBigUint64(TAIL_BYTES - 8, MAGIC, true);
  appendFileSync(path, new Uint8Array(tail.buffer));
}

/** @throws ArtifactError when the file is missing, or not whole, or not a graph of ours */
export function readTail(path: string): GraphFile {
  const { tail, size } = lastBytes(path);
  const fault = (found: string): ArtifactError =>
    new ArtifactError(`${path}: ${found}, expected a whole HNSW graph; build it again from the vectors`);
  if (size < TAIL_BYTES || tail.getBigUint64(TAIL_BYTES - 8, true) !== MAGIC) {
    throw fault(`${size} bytes of something else, or of a graph that was cut off`);
  }
  const [dim, which, connectivity, expansionAdd, version] = [0, 1, 2, 3, 4].map((at) =>
    tail.getUint32(8 + 4 * at, true),
  ) as [number, number, number, number, number];
  const storage = STORAGES[which];
  if (version !== VERSION || !storage) throw fault(`a graph of version ${version}`);
  const graphBytes = tail.getFloat64(0, true);
  if (graphBytes !== size - TAIL_BYTES) throw fault(`${size} bytes of ${graphBytes + TAIL_BYTES}`);
  return { dim, storage, connectivity, expansionAdd };
}

function lastBytes(path: string): { readonly tail: DataView; readonly size: number } {
  const tail = new DataView(new ArrayBuffer(TAIL_BYTES));
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      readSync(file, tail, 0, TAIL_BYTES, Math.max(0, size - TAIL_BYTES));
      return { tail, size };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new ArtifactError(`${path}: cannot be read: ${(error as Error).message}; give a saved HNSW graph`, {
      cause: error,
    });
  }
}
