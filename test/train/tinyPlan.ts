/** @file A plan that trains in a moment: 64 pictures of the embedded sample, four steps an epoch. */

import assert from "node:assert/strict";
import { buildArtifact } from "../../src/build/buildArtifact.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { locateData } from "../../src/data/locate.js";
import type { TrainPlan } from "../../src/train/plan.js";
import { chooseSettings } from "../../src/config/choose.js";
import { augmentOf } from "../../src/config/learning.js";

export const STEPS_PER_EPOCH = 4;

/** Changes of a plan that make it one for a device. */
export const ON_DEVICE: Partial<TrainPlan> = { ep: "webgpu" };

/** Changes of the recipe that need every graph there is: steps of two batches, and a moving Z. */
export const TINY_NCE: Partial<Recipe> = {
  arch: "resnet10",
  accumulation: 2,
  objective: { ...OBJECTIVE_DEFAULTS.nce, negatives: 8, normalizer: { mode: "ema", momentum: 0.5 } },
};
const PICTURES = 64;
const SIDE = 8; // pixels

export async function tinyPlan(
  out: string,
  changes: Partial<TrainPlan> = {},
  recipeChanges: Partial<Recipe> = {},
): Promise<TrainPlan> {
  const { train, evaluate } = await locateData(null, { seed: 0 });
  assert.ok(train.kind === "idx" && evaluate?.kind === "idx");
  const grays = (value: number): [number, number, number] => [value, value, value];
  const recipe = {
    ...DEFAULT_RECIPE,
    width: 2,
    imageSize: SIDE,
    batchSize: 16,
    embeddingDim: 8,
    ...recipeChanges,
  };
  const preprocessing = { imageSize: SIDE, resize: SIDE, mean: grays(0.286), std: grays(0.353) };
  return {
    ...buildArtifact({ recipe, preprocessing, seed: 0 }),
    tune: "off",
    train: { ...train, rowCount: PICTURES },
    evaluate: { ...evaluate, rowCount: 20 },
    augment: augmentOf(chooseSettings({ preset: "sample" })),
    epochs: 2,
    steps: null,
    schedule: { base: 0.03, warmupSteps: 2, decay: "cosine" },
    bankInit: "forward",
    knnTemperature: 0.07,
    evaluateEvery: 1,
    checkpointEvery: null,
    keep: 2,
    resume: null,
    strictData: false,
    seed: 0,
    out,
    ep: "cpu",
    cuda: null,
    threads: 1,
    dataWorkers: 1,
    ...changes,
  };
}
