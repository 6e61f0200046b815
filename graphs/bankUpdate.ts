/** @file New rows of the memory bank. Rows are computed from the bank as it was; the caller writes them afterwards. */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";

/**
 * normalize(momentum·old + (1 - momentum)·f): the authors' code with momentum 0.5; 0 replaces, as in the paper.
 * @param embeddings f, [B, D], unit length
 * @param old the pictures' rows before the step, [B, D]
 * @param momentum in [0, 1)
 * @returns [B, D], unit length
 * Source: Wu et al. 2018, section 3.1; the moving average is in the authors' code only
 */
export function bankUpdate(op: OpBuilder, embeddings: Value, old: Value, momentum: number): Value {
  if (momentum === 0) return embeddings;
  return op.l2Normalize(op.add(op.scale(old, momentum), op.scale(embeddings, 1 - momentum)));
}
