/** @file Batches of the pictures that a run learns from. */

import { createLoader, type Loader, type LoaderOptions } from "../data/loader.js";
import type { TransformKind } from "../data/transform.js";
import type { RunningPlan } from "./plan.js";

/** @param part which batches; default: all that `transform` has */
export function loadPictures(
  { manifest, train, seed, dataWorkers, strictData, pool }: RunningPlan,
  transform: TransformKind,
  part: Pick<LoaderOptions, "accumulation" | "firstStep" | "steps"> = {},
): Loader {
  const { imageSize, mean, std } = manifest.preprocessing;
  return createLoader({
    ...{ source: train, transform, imageSize, mean, std, seed },
    batchSize: manifest.recipe.batchSize,
    workers: dataWorkers,
    strict: strictData,
    pool,
    ...part,
  });
}
