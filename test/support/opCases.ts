/**
 * @file Random uses of every operator: what gradients are checked on, and what an execution provider can be compared
 * with the interpreter on. An operator without cases does not compile.
 */

import fc from "fast-check";
import type { OpKind } from "../../src/ir/opTable.js";
import { blockedCases } from "./opCases/blocked.js";
import { convolutionCases } from "./opCases/convolution.js";
import { elementwiseCases } from "./opCases/elementwise.js";
import { layoutCases } from "./opCases/layout.js";
import { linearCases } from "./opCases/linear.js";
import { normalizationCases } from "./opCases/normalization.js";
import type { OpCase, OpCases } from "./opCases/opCase.js";
import { poolingCases } from "./opCases/pooling.js";
import { quantizationCases } from "./opCases/quantization.js";
import { reductionCases } from "./opCases/reduction.js";
import { rowsCases } from "./opCases/rows.js";
import { trainingCases } from "./opCases/training.js";

export { caseFeeds, caseGraph, type CaseInput, type OpCase } from "./opCases/opCase.js";

export const opCases = {
  ...elementwiseCases,
  ...reductionCases,
  ...layoutCases,
  ...rowsCases,
  ...linearCases,
  ...convolutionCases,
  ...blockedCases,
  ...poolingCases,
  ...normalizationCases,
  ...quantizationCases,
  ...trainingCases,
} satisfies OpCases;

/** The same `count` cases of an operator on every call. */
export function sampleCases(op: OpKind, count: number, seed = 1): OpCase[] {
  return fc.sample(opCases[op], { numRuns: count, seed });
}
