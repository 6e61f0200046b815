/** @file kNN accuracy by the protocol of Wu et al. 2018, section 3.4, and the level of guessing. */

import { accuracy, type Neighbours } from "../knn/vote.js";
import type { KnnLevel } from "../run/records.js";
import type { Provider } from "./provider.js";
import { searchNearest } from "./search.js";
import type { Vectors } from "../search/vectors.js";

/** Neighbours that vote: the paper's 200, and the nearest alone. */
const NEIGHBOURS = [200, 1];
/** Answers that count for top-5. */
const BEST = 5;

export interface Labelled {
  readonly vectors: Vectors;
  readonly labels: Int32Array;
}

/**
 * kNN accuracy of `queries` in `bank`, for 200 neighbours (or all, where there are fewer) and for one; empty where
 * there is nothing to ask or to find.
 */
export async function knnLevels(
  queries: Labelled,
  bank: Labelled,
  { temperature, provider }: { readonly temperature: number; readonly provider: Provider },
): Promise<KnnLevel[]> {
  if (queries.vectors.count === 0 || bank.vectors.count === 0) return [];
  const ks = possibleKs(NEIGHBOURS, bank);
  const found = await searchNearest(queries.vectors, bank.vectors, Math.max(...ks), provider);
  return levelsOf(found, queries.labels, bank.labels, ks, temperature);
}

/** Each once, and none above the rows that there are. */
export function possibleKs(ks: readonly number[], { vectors }: Labelled): number[] {
  return [...new Set(ks.map((k) => Math.min(k, vectors.count)))];
}

/** kNN accuracy for each k. @param found neighbours of the queries in the bank, max(ks) at least */
export function levelsOf(
  found: Neighbours,
  queryLabels: Int32Array,
  bankLabels: Int32Array,
  ks: readonly number[],
  temperature: number,
): KnnLevel[] {
  const hasFive = countClasses(bankLabels).size > BEST;
  return ks.map((k) => {
    const share = (among: number): number =>
      accuracy(found, bankLabels, queryLabels, { k, temperature }, among);
    return { k, top1: share(1), top5: hasFive && k > 1 ? share(BEST) : null };
  });
}

/** Always naming the most frequent classes. */
export function chanceLevel(labels: Int32Array): KnnLevel {
  const counts = [...countClasses(labels).values()].sort((a, b) => b - a);
  const share = (among: number): number =>
    counts.slice(0, among).reduce((sum, count) => sum + count, 0) / labels.length;
  return { k: 0, top1: share(1), top5: counts.length > BEST ? share(BEST) : null };
}

function countClasses(labels: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
