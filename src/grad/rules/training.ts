/** @file Operators of on-device training run after the gradients are there, so they have none themselves. */

import type { trainingShapes } from "../../ops/training.js";
import type { GradRules } from "../rule.js";

export const trainingRules = {
  InPlaceAccumulatorV2: {
    noGradient: "it writes finished gradients and statistics into the runtime's buffers",
  },
} satisfies GradRules<keyof typeof trainingShapes>;
