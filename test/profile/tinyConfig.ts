/** @file A training step of every kind of layer that ResNets have, small enough to run in a moment. */

import type { TrainStepConfig } from "../../graphs/index.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";

export function tinyConfig(): TrainStepConfig {
  const config = {
    ...DEFAULT_RECIPE,
    arch: "resnet10",
    width: 4,
    imageSize: 16,
    batchSize: 4,
    embeddingDim: 8,
  };
  return config as TrainStepConfig;
}
