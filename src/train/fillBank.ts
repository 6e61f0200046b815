/** @file The bank before the first step. */

import { FILES } from "../build/buildArtifact.js";
import { createLoader } from "../data/loader.js";
import { openSession } from "../runtime/node.js";
import { floats, type FloatTensor } from "../runtime/session.js";
import { initializeBank } from "../build/initialize.js";
import type { TrainPlan } from "./plan.js";
import type { TrainState } from "./state.js";

/** Bank [instances, D]: embeddings of all pictures by the untrained network, or random rows. */
export async function fillBank(
  plan: TrainPlan,
  state: TrainState,
  progress: (done: number, total: number) => void,
): Promise<FloatTensor> {
  const { embeddingDim } = plan.manifest.recipe;
  const { rowCount } = plan.train;
  const shape = [rowCount, embeddingDim];
  if (plan.bankInit === "random") return floats(shape, initializeBank(rowCount, embeddingDim, plan.seed));
  const bank = floats(shape);
  await forwardInto(bank, plan, state, progress);
  return bank;
}

async function forwardInto(
  bank: FloatTensor,
  plan: TrainPlan,
  state: TrainState,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const { imageSize, mean, std, resize } = plan.manifest.preprocessing;
  const { batchSize, embeddingDim } = plan.manifest.recipe;
  const session = await openSession(plan.files.get(FILES.bankInit)!, FILES.bankInit, {
    ep: "cpu",
    threads: plan.threads,
  });
  const transform = { kind: "evaluate", resize } as const;
  const options = { source: plan.train, transform, imageSize, mean, std, seed: plan.seed };
  const loader = createLoader({ ...options, batchSize, workers: plan.dataWorkers });
  const pictures = floats([batchSize, 3, imageSize, imageSize]);
  const embeddings = floats([batchSize, embeddingDim]);
  const feeds = new Map([...state.tensors("parameter"), ["pixel_values", pictures] as const]);
  try {
    let first = 0;
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      // A last batch that is not full is completed by pictures of the one before: its statistics stay sound.
      pictures.data.set(batch.pixelValues.subarray(0, (pictures.data.length / batchSize) * batch.count));
      await session.run(feeds, new Map([["image_embeds", embeddings]]));
      bank.data.set(embeddings.data.subarray(0, batch.count * embeddingDim), first * embeddingDim);
      first += batch.count;
      loader.recycle(batch);
      progress(first, plan.train.rowCount);
    }
  } finally {
    await loader.close();
    await session.close();
  }
}
