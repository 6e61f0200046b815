/** @file What a training step is built from, with defaults, and the check of what a user asks for. */

import {
  ARCHITECTURES,
  network,
  OBJECTIVES,
  RESNET_STEMS,
  type TrainStepConfig,
} from "../../graphs/index.js";
import type { Manifest } from "../artifact/manifest.js";
import { UsageError } from "../errors.js";
import { GraphBuilder } from "../ops/builder.js";

/** As the manifest records it; names are not yet known to be ours. */
export type Recipe = Manifest["recipe"];

export const DEFAULT_RECIPE: Recipe = {
  arch: "resnet18",
  stem: "cifar",
  width: 64,
  imageSize: 32,
  batchSize: 128,
  objective: "softmax",
  embeddingDim: 128,
  temperature: 0.1,
  bankMomentum: 0.5,
  optimizer: { name: "sgd", momentum: 0.9, weightDecay: 5e-4 },
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
const isShare = (value: number): boolean => value >= 0 && value < 1;

/**
 * The recipe as the graph builders take it.
 * @throws UsageError listing every option that is out of range, or when the network cannot take the image size
 */
export function checkRecipe(recipe: Recipe): TrainStepConfig {
  const { optimizer } = recipe;
  const choice = (name: string, found: string, allowed: readonly string[]) =>
    allowed.includes(found) ? [] : [`${name} is "${found}", expected one of ${allowed.join(", ")}`];
  const range = (name: string, found: number, holds: (value: number) => boolean, expected: string) =>
    holds(found) ? [] : [`${name} is ${found}, expected ${expected}`];
  const count = (name: string, found: number) => range(name, found, isCount, "a whole number of at least 1");
  const faults = [
    ...choice("arch", recipe.arch, ARCHITECTURES),
    ...(recipe.stem === null ? [] : choice("stem", recipe.stem, RESNET_STEMS)),
    ...choice("objective", recipe.objective, OBJECTIVES),
    ...count("width", recipe.width),
    ...count("image size", recipe.imageSize),
    ...range(
      "batch size",
      recipe.batchSize,
      (value) => isCount(value) && value >= 2,
      "a whole number of at least 2",
    ),
    ...count("embedding dim", recipe.embeddingDim),
    ...range("temperature", recipe.temperature, (value) => value > 0 && value < Infinity, "a number above 0"),
    ...range("bank momentum", recipe.bankMomentum, isShare, "a number in [0, 1)"),
    ...range("momentum", optimizer.momentum, isShare, "a number in [0, 1)"),
    ...range(
      "weight decay",
      optimizer.weightDecay,
      (value) => value >= 0 && value < Infinity,
      "a number of at least 0",
    ),
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
