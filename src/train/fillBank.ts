/** @file The bank before the first step. */

import { FILES } from "../build/buildArtifact.js";
import type { Batch, BrokenPicture } from "../data/loader.js";
import { RandomStream } from "../random/philox.js";
import { floats, type FloatTensor } from "../runtime/session.js";
import { initializeBank, initializeUnitBank } from "../build/initialize.js";
import { loadPictures } from "./loadPictures.js";
import type { FittedPlan } from "./plan.js";
import type { TrainState } from "./state.js";

/**
 * Bank [instances, D]: embeddings of all pictures by the untrained network, or random rows.
 * @param tellBroken takes the pictures that cannot be read; their rows become random unit vectors
 */
export async function fillBank(
  plan: FittedPlan,
  state: TrainState,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number, total: number) => void,
): Promise<FloatTensor> {
  const { embeddingDim } = plan.manifest.recipe;
  const { rowCount } = plan.train;
  const shape = [rowCount, embeddingDim];
  if (plan.bankInit === "uniform") return floats(shape, initializeBank(rowCount, embeddingDim, plan.seed));
  if (plan.bankInit === "unit") return floats(shape, initializeUnitBank(rowCount, embeddingDim, plan.seed));
  const bank = floats(shape);
  await forwardInto(bank, plan, state, tellBroken, progress);
  return bank;
}

async function forwardInto(
  bank: FloatTensor,
  plan: FittedPlan,
  state: TrainState,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const { imageSize, resize } = plan.manifest.preprocessing;
  const { batchSize, embeddingDim } = plan.manifest.recipe;
  const session = await plan.provider.open(plan.executed.get(FILES.bankInit)!, FILES.bankInit);
  const loader = loadPictures(plan, { kind: "evaluate", resize });
  const pictures = floats([batchSize, 3, imageSize, imageSize]);
  const embeddings = floats([batchSize, embeddingDim]);
  const feeds = new Map([...state.tensors("parameter"), ["pixel_values", pictures] as const]);
  try {
    let first = 0;
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      takePictures(pictures.data, batch, first);
      await session.run(feeds, new Map([["image_embeds", embeddings]]));
      bank.data.set(embeddings.data.subarray(0, batch.count * embeddingDim), first * embeddingDim);
      for (const { row } of batch.broken) {
        const vector = unitVector(embeddingDim, new RandomStream(plan.seed, "broken", row));
        bank.data.set(vector, row * embeddingDim);
      }
      tellBroken(batch.broken);
      first += batch.count;
      loader.recycle(batch);
      progress(first, plan.train.rowCount);
    }
  } finally {
    await loader.close();
    await session.close();
  }
}

/**
 * Copies what can be read of a batch over the one before: pictures that stay complete a last batch that is not full, and
 * stand where one is broken, so that the batch's statistics stay sound.
 * @param first row of the batch's first picture
 */
function takePictures(into: Float32Array, { pixelValues, rows, count, broken }: Batch, first: number): void {
  const length = into.length / rows.length; // numbers of a picture
  const missing = new Set(broken.map(({ row }) => row - first));
  const readable = Array.from({ length: count }, (_, slot) => slot).filter((slot) => !missing.has(slot));
  for (let slot = 0; slot < count; slot++) {
    // In the first batch there is none before: another one of its own stands in.
    const from = missing.has(slot) ? (first === 0 ? readable[0] : undefined) : slot;
    if (from !== undefined) into.set(pixelValues.subarray(from * length, (from + 1) * length), slot * length);
  }
}

/** [dim], in a uniform direction. */
function unitVector(dim: number, stream: RandomStream): Float64Array {
  const vector = Float64Array.from({ length: dim }, () => stream.normal());
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
