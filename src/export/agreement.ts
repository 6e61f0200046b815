/** @file How far vectors of the same pictures have moved: another number format, another runtime. */

import { labelsOf } from "../evaluate/labels.js";
import { searchNearest } from "../evaluate/search.js";
import type { Dataset } from "../data/dataset.js";
import { classify, type Neighbours } from "../knn/vote.js";
import { cosineRange, type Vectors } from "../search/vectors.js";

/** Neighbours that vote: the paper's. */
const NEIGHBOURS = 200;

export interface Agreement {
  /** Pictures compared. */
  readonly pictures: number;
  /** Cosine of a picture's two vectors, in [-1, 1]. */
  readonly cosineMin: number;
  readonly cosineMean: number;
  /** Share of pictures whose nearest row of the bank stays the same; null: there is no bank. */
  readonly sameNearest: number | null;
  /** Share of pictures whose class, by the vote of their neighbours, stays the same; null: there are no labels. */
  readonly sameClass: number | null;
}

/** What neighbours are looked for in. */
export interface Bank {
  readonly vectors: Vectors;
  /** [count] classes of its rows; null: unknown. */
  readonly labels: Int32Array | null;
  /** τ of the vote. */
  readonly temperature: number;
}

/** A bank with the labels of the pictures that it was learned from. */
export function bankWithLabels(vectors: Vectors, pictures: Dataset, temperature: number): Bank {
  const labels = pictures.size === vectors.count ? labelsOf(pictures) : null;
  return { vectors, labels, temperature };
}

/** A function that compares the vectors of others with `reference`, picture by picture; [n, D] both, of unit length. */
export async function agreementWith(
  reference: Vectors,
  bank: Bank | null,
): Promise<(found: Vectors) => Promise<Agreement>> {
  const expected = bank && (await answers(reference, bank));
  return async (found) => {
    const { min, mean } = cosineRange(reference, found);
    const given = bank && (await answers(found, bank));
    return {
      pictures: reference.count,
      cosineMin: min,
      cosineMean: mean,
      sameNearest: expected && given && shareEqual(expected.nearest, given.nearest),
      sameClass: expected?.classes && given?.classes ? shareEqual(expected.classes, given.classes) : null,
    };
  };
}

interface Answers {
  /** [n] rows of the bank. */
  readonly nearest: BigInt64Array;
  /** [n]; null: the bank has no labels. */
  readonly classes: Int32Array | null;
}

async function answers(queries: Vectors, { vectors, labels, temperature }: Bank): Promise<Answers> {
  const k = Math.min(NEIGHBOURS, vectors.count);
  const found: Neighbours = await searchNearest(queries, vectors, k);
  const nearest = BigInt64Array.from({ length: queries.count }, (_, row) => found.rows[row * k]!);
  return { nearest, classes: labels && classify(found, labels, { k, temperature }) };
}

function shareEqual<T>(a: ArrayLike<T>, b: ArrayLike<T>): number {
  let equal = 0;
  for (let at = 0; at < a.length; at++) if (a[at] === b[at]) equal++;
  return equal / a.length;
}
