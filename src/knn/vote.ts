/** @file Weighted k-nearest-neighbour classification, by the protocol of Wu et al. 2018, section 3.4. */

/** What a search found: for each query its nearest rows, most similar first. */
export interface Neighbours {
  readonly count: number;
  readonly k: number;
  /** [count, k] cosines, falling */
  readonly similarities: Float32Array;
  /** [count, k] rows of the bank */
  readonly rows: BigInt64Array;
}

/**
 * Votes of the nearest `k` rows, each exp(similarity / temperature); the class with most votes wins, the lower class
 * among equals.
 * @param labels of the bank's rows, whole numbers from 0
 * @param k at most the k of the search
 * @returns [count] classes
 */
export function classify(
  found: Neighbours,
  labels: ArrayLike<number>,
  k: number,
  temperature: number,
): Int32Array {
  const classes = Array.from(labels).reduce((most, label) => Math.max(most, label + 1), 0);
  const votes = new Float64Array(classes);
  const winners = new Int32Array(found.count);
  for (let query = 0; query < found.count; query++) {
    votes.fill(0);
    for (let at = query * found.k; at < query * found.k + k; at++) {
      votes[labels[Number(found.rows[at])]!]! += Math.exp(found.similarities[at]! / temperature);
    }
    winners[query] = votes.indexOf(votes.reduce((most, vote) => Math.max(most, vote), -Infinity));
  }
  return winners;
}

/** Share of queries that are classified right, in [0, 1]. */
export function accuracy(
  found: Neighbours,
  bankLabels: ArrayLike<number>,
  queryLabels: ArrayLike<number>,
  k: number,
  temperature: number,
): number {
  const classes = classify(found, bankLabels, k, temperature);
  return (
    classes.reduce((right, label, query) => right + (label === queryLabels[query] ? 1 : 0), 0) / found.count
  );
}
