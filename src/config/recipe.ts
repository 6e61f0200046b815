/** @file The settings that say what is built: shared by build-graph and train. */

import { ARCHITECTURES, RESNET_STEMS, stemsOf, type ArchitectureName } from "../../graphs/index.js";
import type { Manifest } from "../artifact/manifest.js";
import { DEFAULT_RECIPE, type Recipe } from "../build/recipe.js";
import { UsageError } from "../errors.js";
import { above, anyNumber, choice, numbers, whole, within } from "./kinds.js";
import { OBJECTIVE_SETTINGS, objectiveOf, objectiveSettings } from "./objective.js";
import { OPTIMIZER_SETTINGS, optimizerOf, optimizerSettings } from "./optimizer.js";
import { settingsIn, type SettingsOf } from "./setting.js";

const { open } = settingsIn("What is built:");

const perChannel = { least: 3, most: 3, rising: false };

export const RECIPE_SETTINGS = {
  arch: open(choice(ARCHITECTURES), "network", DEFAULT_RECIPE.arch),
  stem: open(
    choice(RESNET_STEMS),
    "first layers of a ResNet: 3×3 for small pictures, or 7×7 and pooling",
    DEFAULT_RECIPE.stem!,
  ),
  width: open(whole(1), "channels of the first layers, which all others follow", DEFAULT_RECIPE.width),
  "image-size": open(whole(1), "side of the square input, pixels", DEFAULT_RECIPE.imageSize),
  resize: open(whole(1), "shorter side of a picture before its centre is evaluated, pixels", "image size"),
  mean: open(
    numbers({ ...perChannel, each: anyNumber, expected: "three numbers" }),
    "of red, green and blue, which is taken away: r,g,b",
    "ImageNet's",
  ),
  std: open(
    numbers({ ...perChannel, each: above(0), expected: "three numbers above 0" }),
    "of red, green and blue, which is divided by: r,g,b",
    "ImageNet's",
  ),
  "batch-size": open(whole(2), "pictures in a batch", DEFAULT_RECIPE.batchSize),
  accumulation: open(whole(1), "batches in a step of the optimizer", DEFAULT_RECIPE.accumulation),
  "embedding-dim": open(whole(1), "length of an embedding", DEFAULT_RECIPE.embeddingDim),
  "bank-momentum": open(
    within(0, 1),
    "share of the old row in a new bank row; 0 replaces",
    DEFAULT_RECIPE.bankMomentum,
  ),
  seed: open(whole(0, 2 ** 32 - 1), "of weights, order, augmentation and noise", 0),
  ...OBJECTIVE_SETTINGS,
  ...OPTIMIZER_SETTINGS,
} as const;

export type RecipeSettings = SettingsOf<typeof RECIPE_SETTINGS>;

/** Settings that an artifact folder has already taken: all but the seed, which a run may have of its own. */
export const BUILT = (Object.keys(RECIPE_SETTINGS) as (keyof RecipeSettings)[]).filter(
  (name) => name !== "seed",
);

/** @throws UsageError unless costs can be estimated for so many pictures */
export function checkInstances(instances: number): void {
  if (Number.isSafeInteger(instances) && instances >= 1) return;
  throw new UsageError(`--instances is ${instances}, expected a whole number of at least 1; correct it`);
}

export function hasStems(arch: ArchitectureName): boolean {
  return stemsOf(arch).length > 0;
}

/**
 * The recipe that the settings ask for, with the defaults of build/recipe.ts for what they leave open.
 * @param instances pictures to be trained on; null: not known
 * @throws UsageError when a setting means nothing to the objective or the optimizer
 */
export function recipeOf(settings: RecipeSettings, instances: number | null): Recipe {
  const arch = settings.arch ?? (DEFAULT_RECIPE.arch as ArchitectureName);
  return {
    arch,
    stem: settings.stem ?? (hasStems(arch) ? DEFAULT_RECIPE.stem : null),
    width: settings.width ?? DEFAULT_RECIPE.width,
    imageSize: settings["image-size"] ?? DEFAULT_RECIPE.imageSize,
    batchSize: settings["batch-size"] ?? DEFAULT_RECIPE.batchSize,
    embeddingDim: settings["embedding-dim"] ?? DEFAULT_RECIPE.embeddingDim,
    bankMomentum: settings["bank-momentum"] ?? DEFAULT_RECIPE.bankMomentum,
    objective: objectiveOf(settings, instances),
    optimizer: optimizerOf(settings),
    accumulation: settings.accumulation ?? DEFAULT_RECIPE.accumulation,
  };
}

type Rgb = readonly [number, number, number];

/** How pictures become input: as the settings say, and `measured` for the rest. */
export function preprocessingOf(
  settings: Pick<RecipeSettings, "resize" | "mean" | "std">,
  imageSize: number,
  measured: { readonly mean: Rgb; readonly std: Rgb },
): Manifest["preprocessing"] {
  return {
    imageSize,
    resize: settings.resize ?? imageSize,
    mean: (settings.mean as Rgb | undefined) ?? measured.mean,
    std: (settings.std as Rgb | undefined) ?? measured.std,
  };
}

/** The settings that give this recipe and preprocessing: the inverse of recipeOf and preprocessingOf. */
export function recipeSettings({
  recipe,
  preprocessing,
}: Pick<Manifest, "recipe" | "preprocessing">): RecipeSettings {
  return {
    arch: recipe.arch as ArchitectureName,
    ...(recipe.stem === null ? {} : { stem: recipe.stem as (typeof RESNET_STEMS)[number] }),
    width: recipe.width,
    "image-size": recipe.imageSize,
    resize: preprocessing.resize,
    mean: preprocessing.mean,
    std: preprocessing.std,
    "batch-size": recipe.batchSize,
    accumulation: recipe.accumulation,
    "embedding-dim": recipe.embeddingDim,
    "bank-momentum": recipe.bankMomentum,
    ...objectiveSettings(recipe.objective),
    ...optimizerSettings(recipe.optimizer),
  };
}
