/** @file Weights in 8 bits are made after training, so they have no gradient. */

import type { quantizationShapes } from "../../ops/quantization.js";
import type { GradRules } from "../rule.js";

export const quantizationRules = {
  DequantizeLinear: { noGradient: "it reads weights that were rounded after training" },
} satisfies GradRules<keyof typeof quantizationShapes>;
