/**
 * @file Parametric softmax, the paper's baseline: a trained weight vector for every picture instead of a memory.
 * f: embeddings, w: class weights, y: the pictures' rows.
 * Gradients, divided by B: by f, Σ_j P_j·w_j - w_y; by w_j, (P_j - [j = y])·f.
 * Source: Wu et al. 2018, equation 1.
 */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";

/**
 * Mean of -ln softmax(f·wᵀ) at the picture's own row. The paper has neither temperature nor bias here. The positive
 * logit is read from the logits, so that no gradient of the size of `weights` is made to hold B rows.
 * @param embeddings f, [B, D], unit length
 * @param weights w, [instances, D]
 * @param rows y, int64 [B]
 * @returns [] float32, nats
 */
export function parametricLoss(op: OpBuilder, embeddings: Value, weights: Value, rows: Value): Value {
  const logits = op.gemm(embeddings, weights, null, { transB: 1 }); // [B, instances]
  const own = op.squeeze(op.gatherElements(logits, op.unsqueeze(rows, [1]), 1), [1]); // [B]
  return op.reduceMean(op.sub(op.reduceLogSumExp(logits, [1]), own));
}
