/** @file What the files of a collection hold: those of numbers and text. Nothing here imports Node. */

import type { Collection } from "../../artifact/collection.js";
import { writeSafetensors } from "../../artifact/safetensors.js";
import { bytesOf, fromFloat32, type RawTensor } from "../../ir/rawTensor.js";
import { packIds } from "../../search/ids.js";
import { quantizeRows } from "../../search/quantize.js";
import type { Vectors } from "../../search/vectors.js";

/** Pixels, width and height of a thumbnail. */
export const TILE = 64;
export const COLUMNS = 16;
export const PER_SHEET = 256;

/** Neighbours that vote, at most: the paper's k. */
const VOTERS = 200;
/** With few pictures, 200 would be most of them: then one in so many votes. */
const PICTURES_PER_VOTER = 20;

export interface CollectionParts {
  /** What a person calls it. */
  readonly name: string;
  /** Of each picture that can be read, as are vectors, labels and map. */
  readonly ids: readonly string[];
  /** [ids.length, D] of unit length */
  readonly vectors: Vectors;
  /** [ids.length] into classNames, or -1; null: there are no classes. */
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[];
  /** [ids.length, 2] in [-1, 1]; null: there is none. */
  readonly map: Float32Array | null;
  readonly preprocessing: Collection["preprocessing"];
  /** τ of the kNN vote. */
  readonly temperature: number;
  /** Larger pictures are there too. */
  readonly originals: boolean;
}

/** vectors.safetensors, and what collection.json says. */
export function packCollection(parts: CollectionParts): {
  readonly vectors: Uint8Array<ArrayBuffer>;
  readonly description: Collection;
} {
  const { name, ids, labels, classNames, map, temperature, originals } = parts;
  const { imageSize, mean, std, resize } = parts.preprocessing;
  const { bytes, error } = packVectors(parts);
  const description: Collection = {
    format: "onnx-instdisc collection",
    formatVersion: 1,
    name,
    pictures: ids.length,
    classNames: labels === null ? [] : [...classNames],
    embeddingDim: parts.vectors.dim,
    preprocessing: { imageSize, mean: [...mean], std: [...std], resize },
    error,
    vote: { k: votersAmong(ids.length), temperature },
    sprites: {
      tile: TILE,
      columns: COLUMNS,
      perSheet: PER_SHEET,
      sheets: Math.ceil(ids.length / PER_SHEET),
    },
    map: map !== null,
    originals,
  };
  return { vectors: bytes, description };
}

function votersAmong(pictures: number): number {
  return Math.max(1, Math.min(VOTERS, Math.floor(pictures / PICTURES_PER_VOTER)));
}

/** With the error of the codes. */
function packVectors({ ids, labels, vectors, map }: CollectionParts): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly error: number;
} {
  const { count, dim } = vectors;
  const { codes, scales, error } = quantizeRows(vectors);
  const names = packIds(ids);
  const tensors = new Map<string, RawTensor>([
    ["codes", { dtype: "uint8", shape: [count, dim], bytes: bytesOf(codes) }],
    ["scales", fromFloat32(scales, [count])],
    ["ids", { dtype: "uint8", shape: [names.length], bytes: names }],
  ]);
  if (labels !== null) tensors.set("labels", { dtype: "int32", shape: [count], bytes: bytesOf(labels) });
  if (map !== null) tensors.set("map", fromFloat32(map, [count, 2]));
  return { bytes: writeSafetensors({ tensors, metadata: {} }), error };
}
