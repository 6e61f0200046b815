/** @file Reads a collection's description and vectors, see src/artifact/collection.ts. */

import { COLLECTION, parseCollection, type Collection } from "../../artifact/collection.js";
import { readSafetensors } from "../../artifact/safetensors.js";
import { ArtifactError } from "../../errors.js";
import type { DType } from "../../ir/dtype.js";
import type { RawTensor } from "../../ir/rawTensor.js";
import type { Codes } from "../../search/codes.js";
import { unpackIds } from "../../search/ids.js";
import type { CollectionReader } from "./collectionReader.js";
import type { OnProgress } from "./engineTypes.js";

export interface LoadedCollection {
  readonly collection: Collection;
  readonly codes: Codes;
  readonly ids: readonly string[];
  readonly labels: Int32Array | null;
  readonly map: Float32Array | null;
}

/** @throws ArtifactError when a file is missing, damaged or does not fit the others */
export async function loadCollection(
  reader: CollectionReader,
  onProgress: OnProgress,
): Promise<LoadedCollection> {
  const read = (path: string, what: string) =>
    reader.read(path, (loaded, total) => onProgress(loaded, total, what));
  const { description, vectors } = COLLECTION;
  const text = new TextDecoder().decode(await read(description, "collection"));
  const collection = parseCollection(text, reader.where(description));
  return readVectors(await read(vectors, "vectors"), reader.where(vectors), collection);
}

/** @throws ArtifactError when it is damaged or does not fit the description */
export function readVectors(file: Uint8Array, where: string, collection: Collection): LoadedCollection {
  const { tensors } = readSafetensors(file, where);
  const { pictures: count, embeddingDim: dim, error } = collection;
  const take = (name: string, dtype: DType, shape: readonly number[]): ArrayBuffer =>
    copyOf(tensors.get(name), { name, dtype, shape, where });
  const text = tensors.get("ids");
  const packed = take("ids", "uint8", [text?.bytes.length ?? 0]);
  return {
    collection,
    codes: {
      count,
      dim,
      codes: new Int8Array(take("codes", "uint8", [count, dim])),
      scales: new Float32Array(take("scales", "float32", [count])),
      error,
    },
    ids: unpackIds(new Uint8Array(packed), count, where),
    labels: tensors.has("labels") ? new Int32Array(take("labels", "int32", [count])) : null,
    map: collection.map ? new Float32Array(take("map", "float32", [count, 2])) : null,
  };
}

interface Wanted {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly where: string;
}

/** Aligned, and without the rest of the file, which may then be let go. */
function copyOf(found: RawTensor | undefined, { name, dtype, shape, where }: Wanted): ArrayBuffer {
  if (found?.dtype !== dtype || found.shape.join() !== shape.join()) {
    const have = found === undefined ? "is missing" : `is ${found.dtype} [${found.shape.join(", ")}]`;
    throw new ArtifactError(
      `${where}: tensor ${name} ${have}, expected ${dtype} [${shape.join(", ")}]; write the folder again`,
    );
  }
  return Uint8Array.from(found.bytes).buffer;
}
