/** @file The options that say what is built, shared by build-graph and train. */

import type { Options } from "yargs";
import {
  ARCHITECTURES,
  OBJECTIVES,
  RESNET_STEMS,
  stemsOf,
  type ArchitectureName,
} from "../../graphs/index.js";
import type { Manifest } from "../artifact/manifest.js";
import { DEFAULT_RECIPE, type Recipe } from "../build/recipe.js";
import { UsageError } from "../errors.js";

const NETWORK = "What is built:";
const number = (describe: string, defaultDescription: string | number): Options => ({
  type: "number",
  describe,
  defaultDescription: String(defaultDescription),
  requiresArg: true,
  group: NETWORK,
});
const choice = (describe: string, choices: readonly string[], defaultDescription: string): Options => ({
  choices,
  describe,
  defaultDescription,
  requiresArg: true,
  group: NETWORK,
});

/** No yargs defaults: an option that was not given leaves the preset's value. */
export const RECIPE_OPTIONS = {
  arch: choice("network", ARCHITECTURES, DEFAULT_RECIPE.arch),
  stem: choice(
    "first layers of a ResNet: 3×3 for small pictures, or 7×7 and pooling",
    RESNET_STEMS,
    DEFAULT_RECIPE.stem!,
  ),
  width: number("channels of the first layers, which all others follow", DEFAULT_RECIPE.width),
  "image-size": number("side of the square input, pixels", DEFAULT_RECIPE.imageSize),
  "batch-size": number("pictures in a step", DEFAULT_RECIPE.batchSize),
  objective: choice("what tells pictures apart", OBJECTIVES, DEFAULT_RECIPE.objective),
  "embedding-dim": number("length of an embedding", DEFAULT_RECIPE.embeddingDim),
  temperature: number("τ of the softmax, above 0", DEFAULT_RECIPE.temperature),
  "bank-momentum": number("share of the old row in a new bank row; 0 replaces", DEFAULT_RECIPE.bankMomentum),
  momentum: number("SGD momentum", DEFAULT_RECIPE.optimizer.momentum),
  "weight-decay": number("SGD weight decay", DEFAULT_RECIPE.optimizer.weightDecay),
  seed: number("of weights, order and augmentation", 0),
} as const satisfies Readonly<Record<string, Options>>;

/** Parsed values of the options above, in yargs' camel case. */
export type RecipeArguments = Partial<
  Record<"arch" | "stem" | "objective", string> &
    Record<
      | "width"
      | "imageSize"
      | "batchSize"
      | "embeddingDim"
      | "temperature"
      | "bankMomentum"
      | "momentum"
      | "weightDecay"
      | "seed",
      number
    >
>;

/** "batchSize" as it is typed: "batch-size". */
export const optionName = (camel: string): string =>
  camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** @throws UsageError when a number was given as something else, such as "--width wide" */
export function checkNumbers(given: object): void {
  const faults = Object.entries(given)
    .filter(([name, value]) => Number.isNaN(value) && !name.includes("-"))
    .map(([name]) => optionName(name));
  if (faults.length > 0) throw new UsageError(`--${faults.join(", --")}: expected a number`);
  const repeated = Object.entries(given).filter(
    ([name, value]) => Array.isArray(value) && name !== "_" && !name.includes("-"),
  );
  if (repeated.length > 0)
    throw new UsageError(
      `--${repeated.map(([name]) => optionName(name)).join(", --")}: given more than once, expected once`,
    );
}

/** @throws UsageError unless costs can be estimated for so many pictures */
export function checkInstances(instances: number): void {
  if (Number.isSafeInteger(instances) && instances >= 1) return;
  throw new UsageError(`--instances is ${instances}, expected a whole number of at least 1; correct it`);
}

/** What was given, over `preset`. */
export function recipeOf(given: RecipeArguments, preset: Recipe): Recipe {
  const arch = given.arch ?? preset.arch;
  return {
    arch,
    stem: given.stem ?? (hasStems(arch) ? preset.stem : null),
    width: given.width ?? preset.width,
    imageSize: given.imageSize ?? preset.imageSize,
    batchSize: given.batchSize ?? preset.batchSize,
    objective: given.objective ?? preset.objective,
    embeddingDim: given.embeddingDim ?? preset.embeddingDim,
    temperature: given.temperature ?? preset.temperature,
    bankMomentum: given.bankMomentum ?? preset.bankMomentum,
    optimizer: {
      name: "sgd",
      momentum: given.momentum ?? preset.optimizer.momentum,
      weightDecay: given.weightDecay ?? preset.optimizer.weightDecay,
    },
  };
}

function hasStems(arch: string): boolean {
  return ARCHITECTURES.includes(arch as ArchitectureName) && stemsOf(arch as ArchitectureName).length > 0;
}

/** How pictures become input when nothing was measured: ImageNet's statistics. */
export function defaultPreprocessing(imageSize: number): Manifest["preprocessing"] {
  return { imageSize, resize: imageSize, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
}
