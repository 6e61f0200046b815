/** @file Objectives with their defaults, and the check of what a user asks for. */

import { type ObjectiveConfig } from "../../graphs/index.js";
import { aboveZero, atLeastZero, count, fraction, type Faults } from "./faults.js";

/** m of the paper. */
const NEGATIVES = 4096;
/** Of the moving average of Z. */
export const NORMALIZER_MOMENTUM = 0.99;
/** Batches that Z is averaged over, where it is averaged over some. */
export const NORMALIZER_BATCHES = 10;

const withBank = { temperature: 0.1, proximal: 0 } as const;
const withNoise = {
  ...withBank,
  negatives: NEGATIVES,
  noiseForm: "gather",
  noise: { positive: false, duplicates: true },
} as const;

/**
 * Each objective as it is unless something else is asked for. The temperature is that of the authors' CIFAR-10 recipe;
 * 0.07 is that of the paper and of their ImageNet recipe.
 */
export const OBJECTIVE_DEFAULTS = {
  softmax: { name: "softmax", ...withBank },
  nce: { name: "nce", ...withNoise, epsilon: 0, normalizer: { mode: "first" } },
  infonce: { name: "infonce", ...withNoise },
} as const satisfies { readonly [K in string]: ObjectiveConfig & { readonly name: K } };

/** Everything that is out of range. */
export function objectiveFaults(objective: ObjectiveConfig): Faults {
  if (objective.name === "parametric") return count("instances", objective.instances, 2);
  const faults = [
    ...aboveZero("temperature", objective.temperature),
    ...atLeastZero("proximal", objective.proximal),
  ];
  if (objective.name === "softmax") return faults;
  faults.push(...count("negatives", objective.negatives));
  return objective.name === "infonce"
    ? faults
    : [
        ...faults,
        ...atLeastZero("nce epsilon", objective.epsilon),
        ...normalizerFaults(objective.normalizer),
      ];
}

function normalizerFaults(
  normalizer: Extract<ObjectiveConfig, { readonly name: "nce" }>["normalizer"],
): Faults {
  if (normalizer.mode === "batches") return count("normalizer batches", normalizer.batches);
  return normalizer.mode === "ema" ? fraction("normalizer momentum", normalizer.momentum) : [];
}
