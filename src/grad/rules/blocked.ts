/** @file Operators on blocked feature maps: lowering puts them in after gradients were taken. */

import type { blockedShapes } from "../../ops/blocked.js";
import type { GradRules } from "../rule.js";

const lowered = { noGradient: "lowering puts it in after gradients were taken" } as const;

export const blockedRules = {
  ReorderInput: lowered,
  ReorderOutput: lowered,
  BlockedConv: lowered,
  BlockedGlobalAveragePool: lowered,
} satisfies GradRules<keyof typeof blockedShapes>;
