/**
 * @file How embeddings lie on the sphere: what can be measured without labels.
 * Sources: Wang and Isola, ICML 2020 (alignment, uniformity); Roy and Vetterli, EUSIPCO 2007 (effective rank).
 */

import { symmetricEigenvalues } from "./eigenvalues.js";
import type { Vectors } from "../search/vectors.js";

/** Mean squared distance between row i of `some` and row i of `others`: 0 to 4 for unit vectors. */
export function alignment(some: Vectors, others: Vectors): number {
  let sum = 0;
  for (let row = 0; row < some.count; row++) sum += squaredDistance(some, row, others, row);
  return sum / some.count;
}

/** ln of the mean of exp(-2 d²) over all pairs of different rows; 0 where there is no pair. */
export function uniformity(vectors: Vectors): number {
  const { count } = vectors;
  let sum = 0;
  for (let row = 1; row < count; row++) {
    for (let other = 0; other < row; other++) {
      sum += Math.exp(-2 * squaredDistance(vectors, row, vectors, other));
    }
  }
  const pairs = (count * (count - 1)) / 2;
  return pairs > 0 ? Math.log(sum / pairs) : 0;
}

/** exp of the entropy of the covariance's eigenvalue shares; 1 where all rows are the same. */
export function effectiveRank(vectors: Vectors): number {
  const shares = symmetricEigenvalues(covariance(vectors), vectors.dim).map((value) => Math.max(0, value));
  const total = shares.reduce((sum, value) => sum + value, 0);
  // Rows that differ by no more than float32 rounds to have no direction.
  if (total <= 1e-12) return 1;
  const entropy = shares.reduce((sum, value) => {
    const share = value / total;
    return share > 0 ? sum - share * Math.log(share) : sum;
  }, 0);
  return Math.exp(entropy);
}

function squaredDistance(some: Vectors, row: number, others: Vectors, other: number): number {
  const { dim } = some;
  const [a, b] = [row * dim, other * dim];
  let sum = 0;
  for (let at = 0; at < dim; at++) {
    const difference = some.data[a + at]! - others.data[b + at]!;
    sum += difference * difference;
  }
  return sum;
}

/** [dim, dim], symmetric */
function covariance({ count, dim, data }: Vectors): Float64Array {
  const mean = new Float64Array(dim);
  for (let at = 0; at < count * dim; at++) mean[at % dim]! += data[at]! / count;
  const sums = new Float64Array(dim * dim);
  const centred = new Float64Array(dim);
  for (let row = 0; row < count; row++) {
    for (let at = 0; at < dim; at++) centred[at] = data[row * dim + at]! - mean[at]!;
    for (let a = 0; a < dim; a++) {
      for (let b = 0; b <= a; b++) sums[a * dim + b]! += (centred[a]! * centred[b]!) / count;
    }
  }
  for (let a = 0; a < dim; a++) for (let b = 0; b < a; b++) sums[b * dim + a] = sums[a * dim + b]!;
  return sums;
}
