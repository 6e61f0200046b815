/** @file A file of a segment: found to be what index.json says, and read in places. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { INDEX_SEGMENTS, type IndexedFile } from "../../artifact/searchIndex.js";
import { locateTensors, type TensorPlace } from "../../artifact/safetensors.js";
import { ArtifactError } from "../../errors.js";
import { showShape } from "../../ir/shape.js";
import { openFile, type OpenFile } from "../../native/memoryMap.js";

export interface ExpectedTensor {
  /** As in the file: "F32", "U8". */
  readonly code: string;
  /** null: any length. */
  readonly shape: readonly (number | null)[];
}

/** Bytes that are hashed at once. */
const PIECE_BYTES = 2 ** 20;
const REMEDY = "restore the file from a copy, or write the index again with onnx-instdisc index create";

export class SegmentFile {
  private constructor(
    readonly path: string,
    private readonly entry: IndexedFile,
    private readonly file: OpenFile,
    private readonly tensors: ReadonlyMap<string, TensorPlace>,
  ) {}

  /**
   * @param expected the tensors that it must have
   * @throws ArtifactError when it is missing, of another size than index.json says, or has other tensors
   */
  static async open(
    folder: string,
    entry: IndexedFile,
    expected: Readonly<Record<string, ExpectedTensor>>,
  ): Promise<SegmentFile> {
    const path = join(folder, INDEX_SEGMENTS, entry.name);
    const file = await openFile(path);
    try {
      if (file.sizeBytes !== entry.sizeBytes) {
        throw new ArtifactError(
          `${path}: has ${file.sizeBytes} bytes, index.json expects ${entry.sizeBytes}; ${REMEDY}`,
        );
      }
      const tensors = locateTensors(file.sizeBytes, (offset, length) => take(file, offset, length), path);
      checkTensors(tensors, expected, path);
      return new SegmentFile(path, entry, file, tensors);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes of a tensor. */
  sizeOf(tensor: string): number {
    return this.tensors.get(tensor)!.sizeBytes;
  }

  /** Fills `into` with the bytes of the tensor from its `first` on. */
  read(tensor: string, first: number, into: Uint8Array): void {
    this.file.read(this.tensors.get(tensor)!.offset + first, into);
  }

  /** @throws ArtifactError when its bytes are not those that were written */
  check(): void {
    const hash = createHash("sha256");
    const piece = new Uint8Array(PIECE_BYTES);
    for (let offset = 0; offset < this.file.sizeBytes; offset += PIECE_BYTES) {
      const part = piece.subarray(0, Math.min(PIECE_BYTES, this.file.sizeBytes - offset));
      this.file.read(offset, part);
      hash.update(part);
    }
    const found = hash.digest("hex");
    if (found !== this.entry.sha256) {
      throw new ArtifactError(
        `${this.path}: has sha256 ${found}, index.json expects ${this.entry.sha256}; ${REMEDY}`,
      );
    }
  }

  close(): void {
    this.file.close();
  }
}

function take(file: OpenFile, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.read(offset, bytes);
  return bytes;
}

function checkTensors(
  found: ReadonlyMap<string, TensorPlace>,
  expected: Readonly<Record<string, ExpectedTensor>>,
  path: string,
): void {
  const faults = Object.entries(expected).flatMap(([name, { code, shape }]) => {
    const tensor = found.get(name);
    const fits =
      tensor?.code === code &&
      tensor.shape.length === shape.length &&
      shape.every((size, axis) => size === null || size === tensor.shape[axis]);
    if (fits) return [];
    const said = tensor ? `${tensor.code} ${showShape(tensor.shape)}` : "missing";
    return [`tensor ${name} is ${said}, expected ${code} ${showShape(shape.map((size) => size ?? "any"))}`];
  });
  if (faults.length > 0) throw new ArtifactError(`${path}: ${faults.join("; ")}; ${REMEDY}`);
}
