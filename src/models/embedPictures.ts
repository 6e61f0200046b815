/** @file Vectors of all pictures of some sets, each with its id, its file and its label. */

import { openDataset, type DataSource } from "../data/dataset.js";
import type { BrokenPicture } from "../data/loader.js";
import { embedAll, type Progress } from "../evaluate/embed.js";
import { labelsOf } from "../evaluate/labels.js";
import { withoutRows, type Vectors } from "../search/vectors.js";
import { openEncoder, type Encoder, type EncoderOptions } from "./encoder.js";
import { pictureFile, type NamedSource } from "./locatePictures.js";
import type { Model } from "./model.js";

/** In the place of a label, for a picture that has none beside others that have one. */
export const NO_LABEL = -1;

export interface EmbedPicturesOptions extends EncoderOptions {
  /** Threads that decode pictures; default 2. */
  readonly dataWorkers?: number | undefined;
  /** A picture that cannot be read is an error; default: it is told in `broken` and left out. */
  readonly strictData?: boolean | undefined;
  /** Called after every batch. */
  readonly progress?: Progress | undefined;
}

/** Pictures that could be read, in the order of their sets, and their vectors. */
export interface EmbeddedPictures {
  /** [pictures] each once */
  readonly ids: readonly string[];
  /** [pictures, dim] */
  readonly vectors: Vectors;
  /** [pictures] absolute path of the file that the picture is; null: it lies in a larger file. */
  readonly files: readonly (string | null)[];
  /** [pictures] into classNames, NO_LABEL where one has none; null: none has one. */
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[];
  /** Left out, each once. */
  readonly broken: readonly BrokenPicture[];
}

/**
 * Embeds all pictures of a set, or of several under the ids of `locatePictures`.
 * @throws DataError (as a rejection) when not one can be read, or with strictData, one cannot
 */
export async function embedPictures(
  model: Model,
  sources: DataSource | readonly NamedSource[],
  options: EmbedPicturesOptions = {},
): Promise<EmbeddedPictures> {
  const named = "kind" in sources ? [{ source: sources, prefix: "" }] : sources;
  const encoder = await openEncoder(model, options);
  try {
    const total = named.reduce((sum, { source }) => sum + source.rowCount, 0);
    const parts: EmbeddedPictures[] = [];
    let before = 0;
    for (const one of named) {
      const done: Progress = (count) => options.progress?.(before + count, total);
      parts.push(await embedSource(model, encoder, one, { ...options, progress: done }));
      before += one.source.rowCount;
    }
    return join(parts, encoder.dim);
  } finally {
    await encoder.close();
  }
}

async function embedSource(
  { preprocessing }: Model,
  { encode, dim }: Encoder,
  { source, prefix }: NamedSource,
  { dataWorkers = 2, strictData = false, progress }: EmbedPicturesOptions,
): Promise<EmbeddedPictures> {
  const options = { preprocessing, embeddingDim: dim, seed: 0, dataWorkers, strictData };
  const { vectors: all, broken } = await embedAll(options, encode, source, progress ?? (() => {}));
  const { vectors, rows } = withoutRows(all, broken);
  const dataset = await openDataset(source);
  const labels = labelsOf(dataset);
  return {
    ids: Array.from(rows, (row) => prefix + dataset.id(row)),
    vectors,
    files: Array.from(rows, (row) => pictureFile(source, row)),
    labels: labels && rows.map((row) => labels[row]!),
    classNames: source.classNames,
    broken: [...broken.values()].map((picture) => ({ ...picture, id: prefix + picture.id })),
  };
}

/** One after another; classes are the same where their names are. */
function join(parts: readonly EmbeddedPictures[], dim: number): EmbeddedPictures {
  if (parts.length === 1) return parts[0]!;
  const classNames = [...new Set(parts.flatMap((part) => part.classNames))];
  const numbers = new Map(classNames.map((name, at) => [name, at]));
  const count = parts.reduce((sum, { ids }) => sum + ids.length, 0);
  const data = new Float32Array(count * dim);
  const labels = new Int32Array(count).fill(NO_LABEL);
  let at = 0;
  for (const { vectors, labels: own, classNames: names } of parts) {
    data.set(vectors.data, at * dim);
    own?.forEach((label, row) => (labels[at + row] = numbers.get(names[label]!)!));
    at += vectors.count;
  }
  return {
    ids: parts.flatMap(({ ids }) => ids),
    vectors: { count, dim, data },
    files: parts.flatMap(({ files }) => files),
    labels: parts.some((part) => part.labels !== null) ? labels : null,
    classNames,
    broken: parts.flatMap(({ broken }) => broken),
  };
}
