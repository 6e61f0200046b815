/** @file What a collection is made of: pictures, their vectors, and the model that made these. */

import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Picture } from "../../data/dataset.js";
import { sha256Of } from "../../data/names.js";
import { ArtifactError, DataError } from "../../errors.js";
import { labelsOf } from "../../evaluate/labels.js";
import { bytesOf } from "../../ir/rawTensor.js";
import type { Model } from "../../models/model.js";
import { modelOfIndex, openIndex, type IndexPictures } from "../../models/openIndex.js";
import type { SearchBackend } from "../../search/backend.js";
import type { Vectors } from "../../search/vectors.js";
import type { TellProgress } from "../progress.js";

export interface CollectionSource {
  /** What a person calls it. */
  readonly name: string;
  readonly model: Model;
  /** SHA-256 of everything that a collection shows: model, vectors and which pictures they are of. */
  readonly sha256: string;
  /** Of each row; none twice. */
  readonly ids: readonly string[];
  /** [ids.length, D] of unit length */
  readonly vectors: Vectors;
  /** [ids.length] into classNames, or -1; null: there are no classes. */
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[];
  /** @throws DataError (as a rejection) for one that cannot be read */
  picture(id: string): Promise<Picture>;
}

/**
 * The pictures and vectors of a run, with its memory bank, or of an index.
 * @param path a run folder or an index folder
 * @throws ArtifactError when it is neither, or does not say what made its vectors and where its pictures are;
 *   DataError when these are gone
 */
export async function readSource(path: string, tell: TellProgress = () => {}): Promise<CollectionSource> {
  const opened = await openIndex(path, { progress: tell });
  const { backend, pictures, withoutPictures } = opened;
  try {
    if (pictures === null) {
      throw new ArtifactError(
        `${path}: its pictures cannot be shown (${withoutPictures}), expected them where they were; ` +
          `put them back, or write the index again with onnx-instdisc index create`,
      );
    }
    const model = await modelOfIndex(opened, "write the index again with onnx-instdisc index create");
    const ids = [...backend.ids()];
    const vectors = await vectorsOf(backend, ids);
    const { source, dataset } = pictures;
    return {
      name: `${basename(folderOf(path))} (${source.name})`,
      model,
      sha256: sha256Of(model.sha256, bytesOf(vectors.data), source.sha256, ids.join("\0")),
      ids,
      vectors,
      labels: labelsById(pictures, ids),
      classNames: dataset.classNames,
      picture: (id) => pictureOf(pictures, id),
    };
  } finally {
    await backend.close();
  }
}

/** Where what is made of a run or an index is kept, unless the user names another place. */
export function cacheFolder(path: string): string {
  return join(folderOf(path), "page");
}

/** Of a model file: the folder that it lies in. */
function folderOf(path: string): string {
  const whole = resolve(path);
  return statSync(whole).isDirectory() ? whole : dirname(whole);
}

async function vectorsOf(backend: SearchBackend, ids: readonly string[]): Promise<Vectors> {
  const { dim } = backend;
  const data = new Float32Array(ids.length * dim);
  for (const [row, id] of ids.entries()) data.set((await backend.vectorOf(id))!, row * dim);
  return { count: ids.length, dim, data };
}

function labelsById({ dataset, rowOf }: IndexPictures, ids: readonly string[]): Int32Array | null {
  const labels = labelsOf(dataset);
  if (labels === null) return null;
  return Int32Array.from(ids, (id) => {
    const row = rowOf(id);
    return row === null ? -1 : labels[row]!;
  });
}

async function pictureOf({ dataset, rowOf }: IndexPictures, id: string): Promise<Picture> {
  const row = rowOf(id);
  if (row !== null) return dataset.picture(row);
  throw new DataError(
    `${dataset.name}: has no picture ${id}, expected one; put it back, or delete it from the index`,
  );
}
