/**
 * @file Dot products of an embedding with its own bank row and with its noise rows: what NCE and InfoNCE are made of.
 * Both forms give the same numbers. Reading the rows touches B·m·D numbers whatever the size of the bank; multiplying
 * the whole bank touches instances·D, in one product that runs near the processor's peak. Which is cheaper is measured
 * (src/train/noiseForm.ts). Bank rows get no gradient.
 */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";

/** "gather" reads the noise rows; "gemm" multiplies the whole bank and reads similarities. */
export const NOISE_FORMS = ["gather", "gemm"] as const;
export type NoiseForm = (typeof NOISE_FORMS)[number];

/** Dot products s = v·f, not yet divided by the temperature. */
export interface Similarities {
  /** With the picture's own row, [B]. */
  readonly positive: Value;
  /** With its noise rows, [B, m]. */
  readonly noise: Value;
}

/**
 * @param embeddings f, [B, D]
 * @param positives the pictures' own rows, [B, D]
 * @param negatives their noise rows, [B, m, D]
 */
export function similaritiesTo(
  op: OpBuilder,
  embeddings: Value,
  positives: Value,
  negatives: Value,
): Similarities {
  const column = op.unsqueeze(embeddings, [2]); // [B, D, 1]
  return {
    positive: op.reduceSum(op.mul(embeddings, positives), [1]),
    noise: op.squeeze(op.matMul(negatives, column), [2]),
  };
}

/**
 * The same from the bank and the rows' numbers.
 * @param bank [instances, D]
 * @param positives the pictures' own rows, [B, D]
 * @param noiseRows int64 [B, m]
 */
export function similaritiesInBank(
  op: OpBuilder,
  embeddings: Value,
  bank: Value,
  positives: Value,
  noiseRows: Value,
  form: NoiseForm,
): Similarities {
  if (form === "gather") return similaritiesTo(op, embeddings, positives, op.gather(bank, noiseRows));
  const all = op.gemm(embeddings, bank, null, { transB: 1 }); // [B, instances]
  return {
    positive: op.reduceSum(op.mul(embeddings, positives), [1]),
    noise: op.gatherElements(all, noiseRows, 1),
  };
}
