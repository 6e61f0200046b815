/** @file Optimizers with their defaults, and the check of what a user asks for. */

import type { OptimizerConfig } from "../../graphs/index.js";
import { aboveZero, atLeastZero, fraction, type Faults } from "./faults.js";

/** SGD as in the authors' CIFAR-10 recipe, AdamW as in PyTorch, LARS as in its paper. */
export const OPTIMIZER_DEFAULTS = {
  sgd: { name: "sgd", momentum: 0.9, nesterov: false, weightDecay: 5e-4, decayNormAndBias: true },
  adamw: {
    name: "adamw",
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
    decayNormAndBias: true,
  },
  lars: { name: "lars", momentum: 0.9, weightDecay: 5e-4, trustCoefficient: 0.001 },
} as const satisfies { readonly [K in OptimizerConfig["name"]]: OptimizerConfig & { readonly name: K } };

/** Everything that is out of range. */
export function optimizerFaults(optimizer: OptimizerConfig): Faults {
  const decay = atLeastZero("weight decay", optimizer.weightDecay);
  switch (optimizer.name) {
    case "sgd":
      return [
        ...fraction("momentum", optimizer.momentum),
        ...decay,
        ...(optimizer.nesterov && optimizer.momentum === 0
          ? ["nesterov is true with momentum 0, expected a momentum above 0"]
          : []),
      ];
    case "lars":
      return [
        ...fraction("momentum", optimizer.momentum),
        ...decay,
        ...aboveZero("trust coefficient", optimizer.trustCoefficient),
      ];
    case "adamw":
      return [
        ...fraction("beta1", optimizer.beta1),
        ...fraction("beta2", optimizer.beta2),
        ...aboveZero("adam epsilon", optimizer.epsilon),
        ...decay,
      ];
  }
}
