/** @file What a training step is built from, with defaults, and the check of what a user asks for. */

import { ARCHITECTURES, network, RESNET_STEMS, type TrainStepConfig } from "../../graphs/index.js";
import type { Manifest } from "../artifact/manifest.js";
import { UsageError } from "../errors.js";
import { GraphBuilder } from "../ops/builder.js";
import { choice, count, fraction } from "./faults.js";
import { OBJECTIVE_DEFAULTS, objectiveFaults } from "./objective.js";
import { OPTIMIZER_DEFAULTS, optimizerFaults } from "./optimizer.js";

/** As the manifest records it; names are not yet known to be ours. */
export type Recipe = Manifest["recipe"];

export const DEFAULT_RECIPE: Recipe = {
  arch: "resnet18",
  stem: "cifar",
  width: 64,
  imageSize: 32,
  batchSize: 128,
  objective: OBJECTIVE_DEFAULTS.softmax,
  embeddingDim: 128,
  bankMomentum: 0.5,
  optimizer: OPTIMIZER_DEFAULTS.sgd,
  accumulation: 1,
};

/**
 * The recipe as the graph builders take it.
 * @throws UsageError listing every option that is out of range, or when the network cannot take the image size
 */
export function checkRecipe(recipe: Recipe): TrainStepConfig {
  const faults = [
    ...choice("arch", recipe.arch, ARCHITECTURES),
    ...(recipe.stem === null ? [] : choice("stem", recipe.stem, RESNET_STEMS)),
    ...count("width", recipe.width),
    ...count("image size", recipe.imageSize),
    ...count("batch size", recipe.batchSize, 2),
    ...count("embedding dim", recipe.embeddingDim),
    ...fraction("bank momentum", recipe.bankMomentum),
    ...objectiveFaults(recipe.objective),
    ...optimizerFaults(recipe.optimizer),
    ...count("accumulation", recipe.accumulation),
  ];
  if (faults.length > 0) throw new UsageError(`recipe: ${faults.join("; ")}; correct these options`);
  const config = recipe as TrainStepConfig;
  checkImageSize(config);
  return config;
}

/** Asks the network itself, before anything is computed. */
function checkImageSize(config: TrainStepConfig): void {
  const builder = new GraphBuilder("check");
  const pictures = builder.input("pixel_values", "float32", ["batch", 3, config.imageSize, config.imageSize]);
  network({ builder, mode: "eval" }, pictures, config);
}
