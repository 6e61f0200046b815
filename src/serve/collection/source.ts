/** @file What a collection is made of: pictures, their vectors, and the model that made these. */

import { basename, resolve } from "node:path";
import { openDataset, type Picture } from "../../data/dataset.js";
import { bytesOf, sha256Of } from "../../data/names.js";
import { ArtifactError } from "../../errors.js";
import { labelsOf } from "../../evaluate/labels.js";
import { readModel, type Model } from "../../models/model.js";
import { picturesOfRun, readBank } from "../../models/pictures.js";
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
  picture(row: number): Promise<Picture>;
}

/**
 * The pictures that a run learned from, with its memory bank.
 * @param path a run folder, or a model file in it
 * @throws ArtifactError when it is no run; DataError when its pictures are gone
 */
export async function sourceOfRun(path: string, tell: TellProgress = () => {}): Promise<CollectionSource> {
  const model = await readModel(path);
  if (model.run === null) {
    throw new ArtifactError(
      `${path}: is a model without pictures, expected a run folder that train wrote, or an index; ` +
        `make one with onnx-instdisc index`,
    );
  }
  const vectors = await readBank(model);
  const { train } = await picturesOfRun(model.run, { progress: tell });
  if (train.rowCount !== vectors.count) {
    throw new ArtifactError(
      `${path}: has ${vectors.count} vectors for ${train.rowCount} pictures in ${train.name}, expected one for each; ` +
        `put the pictures back as they were, or train again`,
    );
  }
  const dataset = await openDataset(train);
  return {
    name: `${basename(resolve(model.run))} (${train.name})`,
    model,
    sha256: sha256Of(model.sha256, bytesOf(vectors.data), train.sha256),
    ids: Array.from({ length: dataset.size }, (_, row) => dataset.id(row)),
    vectors,
    labels: labelsOf(dataset),
    classNames: dataset.classNames,
    picture: (row) => dataset.picture(row),
  };
}
