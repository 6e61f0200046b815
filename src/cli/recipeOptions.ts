/** @file The options that say what is built, shared by build-graph and train. */

import type { Options } from "yargs";
import { ARCHITECTURES, RESNET_STEMS, stemsOf, type ArchitectureName } from "../../graphs/index.js";
import type { Manifest } from "../artifact/manifest.js";
import { DEFAULT_RECIPE, type Recipe } from "../build/recipe.js";
import { UsageError } from "../errors.js";
import { OBJECTIVE_OPTIONS, objectiveOf, type ObjectiveArguments } from "./objectiveOptions.js";
import { optionName, optionsOf } from "./option.js";
import { OPTIMIZER_OPTIONS, optimizerOf, type OptimizerArguments } from "./optimizerOptions.js";

const { number, choice } = optionsOf("What is built:");

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
  "embedding-dim": number("length of an embedding", DEFAULT_RECIPE.embeddingDim),
  "bank-momentum": number("share of the old row in a new bank row; 0 replaces", DEFAULT_RECIPE.bankMomentum),
  seed: number("of weights, order, augmentation and noise", 0),
  ...OBJECTIVE_OPTIONS,
  ...OPTIMIZER_OPTIONS,
} as const satisfies Readonly<Record<string, Options>>;

/** Parsed values of the options above, in yargs' camel case. */
export type RecipeArguments = ObjectiveArguments &
  OptimizerArguments &
  Partial<
    Record<"arch" | "stem", string> &
      Record<"width" | "imageSize" | "batchSize" | "embeddingDim" | "bankMomentum" | "seed", number>
  >;

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

/**
 * What was given, over `preset`.
 * @param instances pictures to be trained on; null: not known
 * @throws UsageError when an option means nothing to the objective or the optimizer
 */
export function recipeOf(given: RecipeArguments, preset: Recipe, instances: number | null): Recipe {
  const arch = given.arch ?? preset.arch;
  return {
    arch,
    stem: given.stem ?? (hasStems(arch) ? preset.stem : null),
    width: given.width ?? preset.width,
    imageSize: given.imageSize ?? preset.imageSize,
    batchSize: given.batchSize ?? preset.batchSize,
    embeddingDim: given.embeddingDim ?? preset.embeddingDim,
    bankMomentum: given.bankMomentum ?? preset.bankMomentum,
    objective: objectiveOf(given, preset.objective, instances),
    optimizer: optimizerOf(given, preset.optimizer),
    accumulation: preset.accumulation,
  };
}

function hasStems(arch: string): boolean {
  return ARCHITECTURES.includes(arch as ArchitectureName) && stemsOf(arch as ArchitectureName).length > 0;
}

/** How pictures become input when nothing was measured: ImageNet's statistics. */
export function defaultPreprocessing(imageSize: number): Manifest["preprocessing"] {
  return { imageSize, resize: imageSize, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
}
