/** @file Is it learning? Embeds pictures and classifies them by their neighbours. */

import { createLoader } from "../data/loader.js";
import { openDataset, type DataSource } from "../data/dataset.js";
import { accuracy } from "../knn/vote.js";
import { openSession } from "../runtime/node.js";
import { floats } from "../runtime/session.js";
import type { KnnLevel, TrainPlan } from "./plan.js";
import { normalizeRows, searchNearest, type Vectors } from "./search.js";

/** Neighbours that vote: the paper's 200, and the nearest alone. */
const NEIGHBOURS = [200, 1];
/** Raw pixels are compared at this size at most: more pixels cost much and say little. */
const RAW_SIDE = 32;
const EVALUATION_BATCH = 128;

type Progress = (done: number, total: number) => void;

/** Labels of all rows, or null where one has none. */
export async function labelsOf(source: DataSource): Promise<Int32Array | null> {
  const dataset = await openDataset(source);
  const labels = Array.from({ length: dataset.size }, (_, row) => dataset.label(row));
  return labels.every((label) => label !== null) ? Int32Array.from(labels) : null;
}

/** Calls `use` with every picture of `source`, in order, as the network sees it when it is evaluated. */
async function forEachBatch(
  plan: TrainPlan,
  source: DataSource,
  side: number,
  use: (pixels: Float32Array<ArrayBuffer>, first: number, count: number) => Promise<void> | void,
): Promise<void> {
  const { mean, std, imageSize, resize } = plan.manifest.preprocessing;
  const transform = { kind: "evaluate", resize: Math.round((resize * side) / imageSize) } as const;
  const options = { source, transform, imageSize: side, mean, std, seed: plan.seed };
  const loader = createLoader({ ...options, batchSize: EVALUATION_BATCH, workers: plan.dataWorkers });
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
  plan: TrainPlan,
  encoder: Uint8Array,
  source: DataSource,
  progress: Progress,
): Promise<Vectors> {
  const { imageSize } = plan.manifest.preprocessing;
  const dim = plan.manifest.recipe.embeddingDim;
  const data = new Float32Array(source.rowCount * dim);
  const session = await openSession(encoder, "encoder.onnx", { ep: "cpu", threads: plan.threads });
  try {
    await forEachBatch(plan, source, imageSize, async (pixels, first, count) => {
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
export async function rawPixels(plan: TrainPlan, source: DataSource): Promise<Vectors> {
  const side = Math.min(plan.manifest.preprocessing.imageSize, RAW_SIDE);
  const dim = 3 * side * side;
  const data = new Float32Array(source.rowCount * dim);
  await forEachBatch(plan, source, side, (pixels, first) => data.set(pixels, first * dim));
  return normalizeRows({ count: source.rowCount, dim, data });
}

export interface Labelled {
  readonly vectors: Vectors;
  readonly labels: Int32Array;
}

/** kNN accuracy of `queries` in `bank`, for 200 neighbours (or all, where there are fewer) and for one. */
export async function knnLevels(queries: Labelled, bank: Labelled, plan: TrainPlan): Promise<KnnLevel[]> {
  const ks = NEIGHBOURS.map((k) => Math.min(k, bank.vectors.count));
  const found = await searchNearest(queries.vectors, bank.vectors, Math.max(...ks), plan.threads);
  return ks.map((k) => ({
    k,
    accuracy: accuracy(found, bank.labels, queries.labels, k, plan.knnTemperature),
  }));
}

/** Accuracy of always naming the most frequent class. */
export function chanceLevel(labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}
