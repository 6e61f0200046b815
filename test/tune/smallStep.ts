/** @file A training step that is small, and has questions all the same. */

import { trainStepGraph } from "../../graphs/index.js";
import { checkRecipe, DEFAULT_RECIPE } from "../../src/build/recipe.js";
import type { Machine } from "../../src/artifact/tuning.js";
import { simplify } from "../../src/lower/simplify.js";

export const RECIPE = {
  ...DEFAULT_RECIPE,
  arch: "resnet10",
  width: 4,
  imageSize: 16,
  batchSize: 8,
  embeddingDim: 8,
};

/** Not lowered. */
export const smallStep = simplify(trainStepGraph(checkRecipe(RECIPE)));

export const MACHINE: Machine = {
  platform: "linux x64",
  processor: "Some Processor",
  provider: "cpu",
  onnxruntime: "1.29.0",
  threads: 1,
  blockSize: null,
};
