/** @file Writes the folder of plain files that the web page searches; src/artifact/collection.ts says what is in it. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION, printCollection, type Collection } from "../../artifact/collection.js";
import { atomicWrite, makeFolder, writeFailure } from "../../artifact/node.js";
import { writeSafetensors } from "../../artifact/safetensors.js";
import { bytesOf, fromFloat32, type RawTensor } from "../../ir/rawTensor.js";
import { packIds } from "../../search/ids.js";
import { takeRows, type Vectors } from "../../search/vectors.js";
import type { TellProgress } from "../progress.js";
import { drawMap } from "./map.js";
import { quantizeRows } from "../../search/quantize.js";
import type { CollectionSource } from "./source.js";
import { COLUMNS, PER_SHEET, TILE, writeSprites } from "./sprites.js";

/** Neighbours that vote, at most: the paper's k. */
const VOTERS = 200;
/** With few pictures, 200 would be most of them: then one in so many votes. */
const PICTURES_PER_VOTER = 20;

export interface WriteOptions {
  /** Larger pictures are in the folder too, or made by the server that shows it. Default: no. */
  readonly originals?: boolean;
  readonly tell?: TellProgress;
}

/**
 * Pictures that cannot be read are left out. collection.json is written last.
 * @param folder made where it is missing
 * @throws ArtifactError when it cannot be written; DataError when not one picture can be read
 */
export async function writeCollection(
  source: CollectionSource,
  folder: string,
  { originals = false, tell = () => {} }: WriteOptions = {},
): Promise<Collection> {
  const sprites = join(folder, COLLECTION.sprites);
  await makeFolder(folder).catch((error: unknown) => {
    throw writeFailure(folder, error);
  });
  await mkdir(sprites, { recursive: true });
  const { kept, sheets } = await writeSprites(source, sprites, tell);
  const vectors = takeRows(source.vectors, kept);
  const map = await drawMap(vectors, tell);
  const { bytes, error } = packVectors(source, kept, vectors, map);
  const { model } = source;
  const { imageSize, mean, std, resize } = model.preprocessing;
  const description: Collection = {
    format: "onnx-instdisc collection",
    formatVersion: 1,
    name: source.name,
    pictures: kept.length,
    classNames: source.labels === null ? [] : [...source.classNames],
    embeddingDim: model.embeddingDim,
    preprocessing: { imageSize, mean: [...mean], std: [...std], resize },
    error,
    vote: { k: votersAmong(kept.length), temperature: model.temperature },
    sprites: { tile: TILE, columns: COLUMNS, perSheet: PER_SHEET, sheets },
    map: map !== null,
    originals,
  };
  await atomicWrite(join(folder, COLLECTION.encoder), model.encoder);
  await atomicWrite(join(folder, COLLECTION.vectors), bytes);
  const text = new TextEncoder().encode(printCollection(description));
  await atomicWrite(join(folder, COLLECTION.description), text);
  return description;
}

function votersAmong(pictures: number): number {
  return Math.max(1, Math.min(VOTERS, Math.floor(pictures / PICTURES_PER_VOTER)));
}

/** vectors.safetensors, and the error of its codes. */
function packVectors(
  { ids, labels }: CollectionSource,
  kept: Int32Array,
  vectors: Vectors,
  map: Float32Array | null,
): { readonly bytes: Uint8Array; readonly error: number } {
  const { count, dim } = vectors;
  const { codes, scales, error } = quantizeRows(vectors);
  const names = packIds(Array.from(kept, (row) => ids[row]!));
  const tensors = new Map<string, RawTensor>([
    ["codes", { dtype: "uint8", shape: [count, dim], bytes: bytesOf(codes) }],
    ["scales", fromFloat32(scales, [count])],
    ["ids", { dtype: "uint8", shape: [names.length], bytes: names }],
  ]);
  if (labels !== null) {
    const keptLabels = Int32Array.from(kept, (row) => labels[row]!);
    tensors.set("labels", { dtype: "int32", shape: [count], bytes: bytesOf(keptLabels) });
  }
  if (map !== null) tensors.set("map", fromFloat32(map, [count, 2]));
  return { bytes: writeSafetensors({ tensors, metadata: {} }), error };
}
