/**
 * @file InfoNCE: softmax cross-entropy of the own row among m noise rows. Needs no normalizer.
 * s: similarities, τ: temperature.
 * Gradient by f, divided by B: (1/τ)(Σ P_k·v_k - (1 - P_own)·v_own), with P the softmax over all m + 1 rows.
 * Source: the authors' code of 2020; van den Oord et al. 2018, equation 4
 */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";
import { similaritiesTo, type Similarities } from "./similarities.js";

/**
 * Mean of -ln(e^own / (e^own + Σ e^noise)) as softplus(logsumexp(noise) - own): the own row is joined to no tensor, and
 * a loss near 0 keeps its digits.
 * @param embeddings f, [B, D]
 * @param positives the pictures' own rows, [B, D]
 * @param negatives noise rows, [B, m, D]
 * @param temperature τ > 0
 * @returns [] float32, nats
 */
export function infonceLoss(
  op: OpBuilder,
  embeddings: Value,
  positives: Value,
  negatives: Value,
  temperature: number,
): Value {
  return infonceLossOf(op, similaritiesTo(op, embeddings, positives, negatives), temperature);
}

/** The same from similarities, however they were computed. */
export function infonceLossOf(op: OpBuilder, { positive, noise }: Similarities, temperature: number): Value {
  const against = op.reduceLogSumExp(op.scale(noise, 1 / temperature), [1]); // [B]
  return op.reduceMean(op.softplus(op.sub(against, op.scale(positive, 1 / temperature))));
}
