/** @file ln Z before the first step, from the first batches as training will see them. */

import { FILES } from "../build/buildArtifact.js";
import type { BrokenPicture } from "../data/loader.js";
import { TrainingError } from "../errors.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../runtime/session.js";
import { loadPictures } from "./loadPictures.js";
import { NoiseInputs } from "./noiseInputs.js";
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

/** One for each of the first `count` batches; the noise is that of the steps that train on them. */
async function estimates(
  plan: FittedPlan,
  state: TrainState,
  bank: FloatTensor,
  count: number,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number, total: number) => void,
): Promise<number[]> {
  const { recipe, preprocessing } = plan.manifest;
  const { imageSize } = preprocessing;
  const { batchSize, objective } = recipe;
  if (objective.name !== "nce") return [];
  const setup = { objective, instances: bank.shape[0]!, batchSize, seed: plan.seed, normalizer: null };
  const noise = new NoiseInputs(setup);
  const session = await plan.provider.open(plan.executed.get(FILES.normalizer)!, FILES.normalizer);
  const loader = loadPictures(plan, { kind: "augment", options: plan.augment }, { steps: count });
  const ownRows = int64s([batchSize]);
  const logs: number[] = [];
  try {
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      tellBroken(batch.broken);
      batch.rows.forEach((row, at) => (ownRows.data[at] = BigInt(row)));
      const pictures = floats([batchSize, 3, imageSize, imageSize], batch.pixelValues);
      const feeds = new Map<string, HostTensor>([
        ...state.tensors("parameter"),
        ["pixel_values", pictures],
        ["rows", ownRows],
        ["bank", bank],
      ]);
      const into = new Map<string, HostTensor>();
      noise.bind(feeds, into, batch.rows, batch.step);
      await session.run(feeds, into);
      if (!Number.isFinite(noise.estimate)) {
        throw new TrainingError(
          `normalizer: ln Z of batch ${batch.step + 1} is ${noise.estimate}, expected a finite number; ` +
            "check the pictures and the initial weights for NaN",
        );
      }
      logs.push(noise.estimate);
      loader.recycle(batch);
      progress(logs.length, count);
    }
  } finally {
    await loader.close();
    await session.close();
  }
  return logs;
}
