/** @file Settles what a user leaves to us: the objective by the number of pictures, the form of its noise by measuring. */

import { availableParallelism } from "node:os";
import { OBJECTIVE_DEFAULTS } from "../build/objective.js";
import { DEFAULT_RECIPE, type Recipe } from "../build/recipe.js";
import { chooseObjective } from "../train/chooseObjective.js";
import { chooseNoiseForm } from "../train/noiseForm.js";
import type { ObjectiveSettings } from "./objective.js";
import { recipeOf } from "./recipe.js";
import { AUTO, DEFAULTS, type Settings } from "./settings.js";

/** Any number: the ranges of the other settings do not depend on it. */
const SOME_INSTANCES = 2;

type Closed<T> = Exclude<T, typeof AUTO | undefined>;

function closed<T extends string>(value: T | undefined): Closed<T> | undefined {
  return value === AUTO ? undefined : (value as Closed<T> | undefined);
}

/** A recipe of the same ranges as the settled one, to be checked before the pictures are found. */
export function provisionalRecipe(settings: Settings): Recipe {
  // nce takes every setting that softmax takes.
  const objective = closed(settings.objective) ?? "nce";
  return recipeOf({ ...settings, objective, "noise-form": closed(settings["noise-form"]) }, SOME_INSTANCES);
}

/**
 * The recipe for `instances` pictures.
 * @param say tells the user what was chosen, and why
 */
export async function settleRecipe(
  settings: Settings,
  instances: number,
  say: (line: string) => void,
): Promise<Recipe> {
  const noiseForm = closed(settings["noise-form"]);
  const objective = closed(settings.objective) ?? settleObjective(settings, instances, say);
  const recipe = recipeOf({ ...settings, objective, "noise-form": noiseForm }, instances);
  if (noiseForm !== undefined || !("noise" in recipe.objective)) return recipe;
  const { batchSize, embeddingDim } = recipe;
  const sizes = { batchSize, embeddingDim, instances, negatives: recipe.objective.negatives };
  const { threads = availableParallelism(), ep = DEFAULTS.ep } = settings;
  // What the CPU does faster says nothing of a device.
  const tune = ep === "cpu" ? (settings.tune ?? DEFAULTS.tune) : "off";
  const { form, ms } = await chooseNoiseForm(sizes, { tune, threads, say });
  if (ms)
    say(`noise form ${form}: gather takes ${ms.gather.toFixed(1)} ms here, gemm ${ms.gemm.toFixed(1)} ms`);
  return { ...recipe, objective: { ...recipe.objective, noiseForm: form } };
}

function settleObjective(
  settings: Settings,
  instances: number,
  say: (line: string) => void,
): ObjectiveSettings["objective"] {
  const batchSize = settings["batch-size"] ?? DEFAULT_RECIPE.batchSize;
  const embeddingDim = settings["embedding-dim"] ?? DEFAULT_RECIPE.embeddingDim;
  const negatives = settings.negatives ?? OBJECTIVE_DEFAULTS.nce.negatives;
  const { name, reason } = chooseObjective(instances, { batchSize, embeddingDim }, negatives);
  say(reason);
  return name;
}
