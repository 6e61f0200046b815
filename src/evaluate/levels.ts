/** @file kNN accuracy by the protocol of Wu et al. 2018, section 3.4, and the level of guessing. */

import { accuracy } from "../knn/vote.js";
import type { KnnLevel } from "../run/records.js";
import { searchNearest, type Vectors } from "./search.js";

/** Neighbours that vote: the paper's 200, and the nearest alone. */
const NEIGHBOURS = [200, 1];

export interface Labelled {
  readonly vectors: Vectors;
  readonly labels: Int32Array;
}

/** kNN accuracy of `queries` in `bank`, for 200 neighbours (or all, where there are fewer) and for one. */
export async function knnLevels(
  queries: Labelled,
  bank: Labelled,
  { temperature, threads }: { readonly temperature: number; readonly threads: number },
): Promise<KnnLevel[]> {
  const ks = NEIGHBOURS.map((k) => Math.min(k, bank.vectors.count));
  const found = await searchNearest(queries.vectors, bank.vectors, Math.max(...ks), threads);
  return ks.map((k) => ({
    k,
    top1: accuracy(found, bank.labels, queries.labels, k, temperature),
    top5: null,
  }));
}

/** Always naming the most frequent class. */
export function chanceLevel(labels: Int32Array): KnnLevel {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return { k: 0, top1: Math.max(...counts.values()) / labels.length, top5: null };
}
