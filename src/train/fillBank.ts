/** @file The bank before the first step. */

import { FILES } from "../build/buildArtifact.js";
import type { BrokenPicture } from "../data/loader.js";
import { openSession } from "../runtime/node.js";
import { floats, type FloatTensor } from "../runtime/session.js";
import { initializeBank, initializeUnitBank } from "../build/initialize.js";
import { forwardBank } from "./forwardBank.js";
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
  return forward(plan, state, tellBroken, progress);
}

async function forward(
  plan: FittedPlan,
  state: TrainState,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number, total: number) => void,
): Promise<FloatTensor> {
  const { preprocessing, recipe } = plan.manifest;
  const session = await openSession(plan.executed.get(FILES.bankInit)!, FILES.bankInit, {
    ep: "cpu",
    threads: plan.threads,
  });
  const batches = loadPictures(plan, { kind: "evaluate", resize: preprocessing.resize });
  const filler = { session, state, batches, instances: plan.train.rowCount, recipe, seed: plan.seed };
  try {
    return await forwardBank(filler, tellBroken, progress);
  } finally {
    await batches.close();
    await session.close();
  }
}
