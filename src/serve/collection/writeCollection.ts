/** @file Writes the folder of plain files that the web page searches; src/artifact/collection.ts says what is in it. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION, printCollection, type Collection } from "../../artifact/collection.js";
import { atomicWrite, makeFolder, writeFailure } from "../../artifact/node.js";
import { takeRows } from "../../search/vectors.js";
import type { TellProgress } from "../progress.js";
import { drawMap } from "./map.js";
import { packCollection } from "./packCollection.js";
import type { CollectionSource } from "./source.js";
import { writeSprites } from "./sprites.js";

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
  const kept = await writeSprites(source, sprites, tell);
  const vectors = takeRows(source.vectors, kept);
  const { ids, labels, classNames, model, name } = source;
  const { vectors: bytes, description } = packCollection({
    ...{ name, classNames, vectors, originals },
    ids: Array.from(kept, (row) => ids[row]!),
    labels: labels && Int32Array.from(kept, (row) => labels[row]!),
    map: await drawMap(vectors, tell),
    ...{ preprocessing: model.preprocessing, temperature: model.temperature },
  });
  await atomicWrite(join(folder, COLLECTION.encoder), model.encoder);
  await atomicWrite(join(folder, COLLECTION.vectors), bytes);
  const text = new TextEncoder().encode(printCollection(description));
  await atomicWrite(join(folder, COLLECTION.description), text);
  return description;
}
