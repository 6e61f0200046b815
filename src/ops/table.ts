/** @file All operator families together: the total table of shape rules, and the functions that build nodes. */

import { blockedOps, blockedShapes } from "./blocked.js";
import { convolutionOps, convolutionShapes } from "./convolution.js";
import { elementwiseOps, elementwiseShapes } from "./elementwise.js";
import type { Emitter } from "./emitter.js";
import { layoutOps, layoutShapes } from "./layout.js";
import { linearOps, linearShapes } from "./linear.js";
import { normalizationOps, normalizationShapes } from "./normalization.js";
import { poolingOps, poolingShapes } from "./pooling.js";
import { quantizationOps, quantizationShapes } from "./quantization.js";
import { reductionOps, reductionShapes } from "./reduction.js";
import { rowsOps, rowsShapes } from "./rows.js";
import type { ShapeRules } from "./shapeRule.js";
import { trainingOps, trainingShapes } from "./training.js";

export const shapeRules: ShapeRules = {
  ...elementwiseShapes,
  ...reductionShapes,
  ...layoutShapes,
  ...rowsShapes,
  ...linearShapes,
  ...convolutionShapes,
  ...blockedShapes,
  ...poolingShapes,
  ...normalizationShapes,
  ...quantizationShapes,
  ...trainingShapes,
};

export function createOps(emitter: Emitter) {
  return {
    ...elementwiseOps(emitter),
    ...reductionOps(emitter),
    ...layoutOps(emitter),
    ...rowsOps(emitter),
    ...linearOps(emitter),
    ...convolutionOps(emitter),
    ...blockedOps(emitter),
    ...poolingOps(emitter),
    ...normalizationOps(emitter),
    ...quantizationOps(emitter),
    ...trainingOps(emitter),
  };
}

export type OpBuilder = ReturnType<typeof createOps>;
