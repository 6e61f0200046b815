/**
 * @file Non-parametric softmax over the whole memory bank: every picture is its own class.
 * f: embeddings of the batch, v: bank rows, τ: temperature.
 * Gradient by f: (1/τ)(Σ softmax(f·vᵀ/τ)·v - v_own), divided by B; bank rows get none.
 * Source: Wu et al. 2018, equation 2.
 */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";

/**
 * Mean of -ln softmax(f·vᵀ/τ) at the picture's own row, written as logsumexp minus the positive similarity:
 * the gradient then needs no one-hot matrix over the bank.
 * @param embeddings f, [B, D], unit length
 * @param bank v, [instances, D]
 * @param positives the picture's own rows of the bank, [B, D]
 * @param temperature τ > 0, dimensionless
 * @returns [] float32, nats
 */
export function softmaxLoss(
  op: OpBuilder,
  embeddings: Value,
  bank: Value,
  positives: Value,
  temperature: number,
): Value {
  const scaled = op.scale(embeddings, 1 / temperature); // [B, D]
  const logits = op.gemm(scaled, bank, null, { transB: 1 }); // [B, instances]
  const positive = op.reduceSum(op.mul(scaled, positives), [1]); // [B]
  return op.reduceMean(op.sub(op.reduceLogSumExp(logits, [1]), positive));
}
