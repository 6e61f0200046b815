/**
 * @file Noise-contrastive estimation: is this row the picture's own, or one of m drawn from the bank?
 * s: similarities, τ: temperature, Z: normalizer, n: instances, c = m/n.
 *
 * The posterior that a row is the picture's own is h = p / (p + c) with p = exp(s/τ)/Z. Written through logarithms,
 * h = sigmoid(a) with a = s/τ - ln Z - ln c, nothing overflows at any temperature. With the authors' ε in both
 * denominators c + ε takes the place of c in a, and each noise row adds the constant ln(1 + ε/c).
 * Gradient by f, divided by B: (1/τ)(-(1 - h_own)·v_own + Σ h_k·v_k).
 * Source: Wu et al. 2018, equations 4 to 7; ε is in the authors' code only
 */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";
import { similaritiesTo, type Similarities } from "./similarities.js";

export interface NceTerms {
  /** τ > 0 */
  readonly temperature: number;
  /** ε ≥ 0: 0 is the paper's loss, 1e-7 the authors' code. */
  readonly epsilon: number;
  /** ln Z, [] */
  readonly logNormalizer: Value;
  /** ln(m/n), [] */
  readonly logNoiseRatio: Value;
}

/**
 * softplus(-a) of the own row plus Σ softplus(a) of the noise rows, averaged over the batch.
 * @param embeddings f, [B, D]
 * @param positives the pictures' own rows, [B, D]
 * @param negatives noise rows, [B, m, D]
 * @returns [] float32, nats
 */
export function nceLoss(
  op: OpBuilder,
  embeddings: Value,
  positives: Value,
  negatives: Value,
  terms: NceTerms,
): Value {
  return nceLossOf(op, similaritiesTo(op, embeddings, positives, negatives), terms);
}

/** The same from similarities, however they were computed. */
export function nceLossOf(op: OpBuilder, { positive, noise }: Similarities, terms: NceTerms): Value {
  const { temperature, epsilon, logNormalizer, logNoiseRatio } = terms;
  const extra = epsilon === 0 ? null : logOnePlus(op, epsilonShare(op, epsilon, logNoiseRatio)); // ln(1 + ε/c), []
  const logRatio = extra ? op.add(logNoiseRatio, extra) : logNoiseRatio;
  const shift = op.add(logNormalizer, logRatio); // []
  const activation = (similarity: Value) => op.sub(op.scale(similarity, 1 / temperature), shift);
  const own = op.softplus(op.neg(activation(positive))); // [B]
  const others = op.reduceSum(op.softplus(activation(noise)), [1]); // [B]
  const loss = op.reduceMean(op.add(own, others));
  return extra ? op.add(loss, op.scale(extra, noise.shape[1] as number)) : loss;
}

/** ε/c, [] */
function epsilonShare(op: OpBuilder, epsilon: number, logNoiseRatio: Value): Value {
  return op.scale(op.exp(op.neg(logNoiseRatio)), epsilon);
}

/**
 * ln(1 + x) for x ≥ 0 without the digits that 1 + x loses: they are lost alike in ln(u) and u - 1, whose quotient
 * is smooth. No gradient flows through it here.
 * Source: W. Kahan's log1p, HP-15C Advanced Functions Handbook
 */
function logOnePlus(op: OpBuilder, x: Value): Value {
  const one = op.scalar(1, x);
  const u = op.add(x, one);
  const lost = op.equal(u, one);
  const difference = op.where(lost, one, op.sub(u, one)); // never 0
  return op.where(lost, x, op.mul(op.log(u), op.div(x, difference)));
}
