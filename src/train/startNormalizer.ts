/** @file ln Z before the first step, from the first batches as training will see them. */

import { FILES } from "../build/buildArtifact.js";
import type { BrokenPicture } from "../data/loader.js";
import { openSession } from "../runtime/node.js";
import type { FloatTensor } from "../runtime/session.js";
import { estimateNormalizer } from "./estimateNormalizer.js";
import { loadPictures } from "./loadPictures.js";
import { initialBatches, logMeanExp, Normalizer } from "./normalizer.js";
import type { FittedPlan } from "./plan.js";
import type { TrainState } from "./state.js";

/** null where the objective takes no ln Z. @param tellBroken takes the pictures that cannot be read */
export async function startNormalizer(
  plan: FittedPlan,
  state: TrainState,
  bank: FloatTensor,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number, total: number) => void,
): Promise<Normalizer | null> {
  const { objective } = plan.manifest.recipe;
  if (objective.name !== "nce" || objective.normalizer.mode === "exact") return null;
  const count = initialBatches(objective.normalizer);
  const logs = await estimates(plan, state, bank, count, tellBroken, progress);
  return new Normalizer(objective.normalizer, logMeanExp(logs));
}

/** One for each of the first `count` batches. */
async function estimates(
  plan: FittedPlan,
  state: TrainState,
  bank: FloatTensor,
  count: number,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number, total: number) => void,
): Promise<number[]> {
  const session = await openSession(plan.executed.get(FILES.normalizer)!, FILES.normalizer, {
    ep: "cpu",
    threads: plan.threads,
  });
  const batches = loadPictures(plan, { kind: "augment", options: plan.augment }, { steps: count });
  const estimator = { session, state, batches, bank, recipe: plan.manifest.recipe, seed: plan.seed };
  try {
    return await estimateNormalizer(estimator, tellBroken, (done) => progress(done, count));
  } finally {
    await batches.close();
    await session.close();
  }
}
