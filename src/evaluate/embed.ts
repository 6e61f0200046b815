/** @file Vectors of all pictures of a source: by an encoder, or of the pixels themselves. */

import type { Manifest } from "../artifact/manifest.js";
import { openDataset, type DataSource } from "../data/dataset.js";
import { createLoader } from "../data/loader.js";
import { openSession } from "../runtime/node.js";
import { floats } from "../runtime/session.js";
import { normalizeRows, type Vectors } from "./search.js";

/** Raw pixels are compared at this size at most: more pixels cost much and say little. */
const RAW_SIDE = 32;
const EVALUATION_BATCH = 128;

export type Progress = (done: number, total: number) => void;

export interface EmbedOptions {
  readonly preprocessing: Manifest["preprocessing"];
  readonly embeddingDim: number;
  readonly seed: number;
  readonly threads: number;
  readonly dataWorkers: number;
}

/** Labels of all rows, or null where one has none. */
export async function labelsOf(source: DataSource): Promise<Int32Array | null> {
  const dataset = await openDataset(source);
  const labels = Array.from({ length: dataset.size }, (_, row) => dataset.label(row));
  return labels.every((label) => label !== null) ? Int32Array.from(labels) : null;
}

/** Calls `use` with every picture of `source`, in order, as the network sees it when it is evaluated. */
async function forEachBatch(
  { preprocessing, seed, dataWorkers }: EmbedOptions,
  source: DataSource,
  side: number,
  use: (pixels: Float32Array<ArrayBuffer>, first: number, count: number) => Promise<void> | void,
): Promise<void> {
  const { mean, std, imageSize, resize } = preprocessing;
  const transform = { kind: "evaluate", resize: Math.round((resize * side) / imageSize) } as const;
  const options = { source, transform, imageSize: side, mean, std, seed };
  const loader = createLoader({ ...options, batchSize: EVALUATION_BATCH, workers: dataWorkers });
  const length = 3 * side * side;
  try {
    let first = 0;
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      await use(batch.pixelValues.slice(0, batch.count * length), first, batch.count);
      first += batch.count;
      loader.recycle(batch);
    }
  } finally {
    await loader.close();
  }
}

/** Embeddings of all pictures by `encoder`, the bytes of encoder.onnx. */
export async function embedAll(
  options: EmbedOptions,
  encoder: Uint8Array,
  source: DataSource,
  progress: Progress,
): Promise<Vectors> {
  const { imageSize } = options.preprocessing;
  const dim = options.embeddingDim;
  const data = new Float32Array(source.rowCount * dim);
  const session = await openSession(encoder, "encoder.onnx", { ep: "cpu", threads: options.threads });
  try {
    await forEachBatch(options, source, imageSize, async (pixels, first, count) => {
      const embeddings = floats([count, dim]);
      const pictures = floats([count, 3, imageSize, imageSize], pixels);
      await session.run(new Map([["pixel_values", pictures]]), new Map([["image_embeds", embeddings]]));
      data.set(embeddings.data, first * dim);
      progress(first + count, source.rowCount);
    });
  } finally {
    await session.close();
  }
  return { count: source.rowCount, dim, data };
}

/** The pictures themselves as unit vectors, at most 32 pixels wide. */
export async function rawPixels(options: EmbedOptions, source: DataSource): Promise<Vectors> {
  const side = Math.min(options.preprocessing.imageSize, RAW_SIDE);
  const dim = 3 * side * side;
  const data = new Float32Array(source.rowCount * dim);
  await forEachBatch(options, source, side, (pixels, first) => data.set(pixels, first * dim));
  return normalizeRows({ count: source.rowCount, dim, data });
}
