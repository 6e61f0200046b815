/** @file Settles what a user leaves to us: the objective by the number of pictures, the form of its noise by measuring. */

import { availableParallelism } from "node:os";
import type { Options } from "yargs";
import { NOISE_FORMS, OBJECTIVES } from "../../graphs/index.js";
import { OBJECTIVE_DEFAULTS } from "../build/objective.js";
import type { Recipe } from "../build/recipe.js";
import { chooseObjective } from "../train/chooseObjective.js";
import { chooseNoiseForm } from "../train/noiseForm.js";
import type { Io } from "./io.js";
import { RECIPE_OPTIONS, recipeOf, type RecipeArguments } from "./recipeOptions.js";

const AUTO = "auto";
/** Any number: the ranges of the other options do not depend on it. */
const SOME_INSTANCES = 2;

/** The recipe options with "auto" among the choices, for where the pictures are known. */
export const SETTLED_OPTIONS = {
  ...RECIPE_OPTIONS,
  objective: {
    ...RECIPE_OPTIONS.objective,
    choices: [AUTO, ...OBJECTIVES],
    defaultDescription: "auto: softmax, or nce for many pictures",
  },
  "noise-form": {
    ...RECIPE_OPTIONS["noise-form"],
    choices: [AUTO, ...NOISE_FORMS],
    defaultDescription: "auto: measured",
  },
} as const satisfies Readonly<Record<string, Options>>;

const isOpen = (value: string | undefined): boolean => value === undefined || value === AUTO;

/** A recipe of the same ranges as the settled one, to be checked before the pictures are found. */
export function provisionalRecipe(given: RecipeArguments, preset: Recipe): Recipe {
  // nce takes every option that softmax takes.
  const objective = isOpen(given.objective) ? "nce" : given.objective;
  const noiseForm = isOpen(given.noiseForm) ? undefined : given.noiseForm;
  return recipeOf({ ...given, objective, noiseForm }, preset, SOME_INSTANCES);
}

/**
 * The recipe for `instances` pictures; says on stderr what was chosen, and why.
 * @param threads of the runtime; default: one for each processor
 */
export async function settleRecipe(
  given: RecipeArguments,
  preset: Recipe,
  instances: number,
  threads: number | undefined,
  io: Io,
): Promise<Recipe> {
  const noiseForm = isOpen(given.noiseForm) ? undefined : given.noiseForm;
  const objective = isOpen(given.objective) ? settleObjective(given, preset, instances, io) : given.objective;
  const recipe = recipeOf({ ...given, objective, noiseForm }, preset, instances);
  if (noiseForm !== undefined || !("noise" in recipe.objective)) return recipe;
  const { batchSize, embeddingDim } = recipe;
  const sizes = { batchSize, embeddingDim, instances, negatives: recipe.objective.negatives };
  const { form, ms } = await chooseNoiseForm(sizes, threads ?? availableParallelism());
  if (ms) {
    io.stderr.write(
      `noise form ${form}: gather takes ${ms.gather.toFixed(1)} ms here, gemm ${ms.gemm.toFixed(1)} ms\n`,
    );
  }
  return { ...recipe, objective: { ...recipe.objective, noiseForm: form } };
}

function settleObjective(given: RecipeArguments, preset: Recipe, instances: number, io: Io): string {
  const batchSize = given.batchSize ?? preset.batchSize;
  const embeddingDim = given.embeddingDim ?? preset.embeddingDim;
  const negatives = given.negatives ?? OBJECTIVE_DEFAULTS.nce.negatives;
  const { name, reason } = chooseObjective(instances, { batchSize, embeddingDim }, negatives);
  io.stderr.write(`${reason}\n`);
  return name;
}
