/** @file The total table of gradients: a rule, or the reason why there is none, for every operator. */

import type { GradRules } from "./rule.js";
import { blockedRules } from "./rules/blocked.js";
import { convolutionRules } from "./rules/convolution.js";
import { elementwiseRules } from "./rules/elementwise.js";
import { layoutRules } from "./rules/layout.js";
import { linearRules } from "./rules/linear.js";
import { normalizationRules } from "./rules/normalization.js";
import { poolingRules } from "./rules/pooling.js";
import { quantizationRules } from "./rules/quantization.js";
import { reductionRules } from "./rules/reduction.js";
import { rowsRules } from "./rules/rows.js";
import { trainingRules } from "./rules/training.js";

export const gradRules = {
  ...elementwiseRules,
  ...reductionRules,
  ...layoutRules,
  ...rowsRules,
  ...linearRules,
  ...convolutionRules,
  ...blockedRules,
  ...poolingRules,
  ...normalizationRules,
  ...quantizationRules,
  ...trainingRules,
} satisfies GradRules;
