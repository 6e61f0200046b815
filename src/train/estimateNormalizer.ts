/** @file What batches say of ln Z before the first step. Nothing here imports Node. */

import type { Manifest } from "../artifact/manifest.js";
import type { BrokenPicture } from "../data/loader.js";
import { TrainingError } from "../errors.js";
import { floats, int64s, type FloatTensor, type HostTensor, type Session } from "../runtime/session.js";
import type { Batches } from "./forwardBank.js";
import { NoiseInputs } from "./noiseInputs.js";
import type { TrainState } from "./state.js";

export interface NormalizerEstimator {
  /** Of normalizer.onnx. */
  readonly session: Session;
  readonly state: TrainState;
  /** The first of those that training takes. */
  readonly batches: Batches;
  readonly bank: FloatTensor;
  readonly recipe: Pick<Manifest["recipe"], "batchSize" | "imageSize" | "objective">;
  readonly seed: number;
}

/** ln Z by each batch; the noise is that of the steps that train on them. @throws TrainingError when one is not finite */
export async function estimateNormalizer(
  { session, state, batches, bank, recipe, seed }: NormalizerEstimator,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number) => void,
): Promise<number[]> {
  const { batchSize, imageSize, objective } = recipe;
  if (objective.name !== "nce") return [];
  const noise = new NoiseInputs({
    objective,
    instances: bank.shape[0]!,
    batchSize,
    seed,
    normalizer: null,
  });
  const ownRows = int64s([batchSize]);
  const logs: number[] = [];
  for (let batch = await batches.next(); batch !== null; batch = await batches.next()) {
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
    batches.recycle(batch);
    progress(logs.length);
  }
  return logs;
}
