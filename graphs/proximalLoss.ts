/**
 * @file The proximal term: embeddings should not run away from what the bank holds of them.
 * Gradient by f, divided by B: 2λ(f - v). Where both have unit length it is 2λ(1 - f·v), so what survives the
 * normalization of f is an attraction to v.
 * Source: Wu et al. 2018, equations 9 and 10; figure 3 tries λ = 0, 10, 30, 50. The authors' code has the moving
 * average of the bank instead, which is not the same: it changes the bank, and this the network.
 */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";

/**
 * λ times the mean of ‖f - v‖².
 * @param embeddings f, [B, D]
 * @param positives v, the pictures' own bank rows, [B, D]
 * @param weight λ ≥ 0
 * @returns [] float32
 */
export function proximalLoss(op: OpBuilder, embeddings: Value, positives: Value, weight: number): Value {
  return op.scale(op.reduceMean(op.reduceSumSquare(op.sub(embeddings, positives), [1])), weight);
}
