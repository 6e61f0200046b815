/** @file How near the vectors of one runtime are to those of another. */

import { searchNearest } from "../evaluate/search.js";
import { cosineRange, type Vectors } from "../search/vectors.js";

/** Neighbours that are compared. */
const NEIGHBOURS = 10;

export interface RuntimeAgreement {
  /** Of a picture's vector here and there. */
  readonly cosine: { readonly min: number; readonly mean: number };
  /** Share of the nearest ten among the pictures themselves that are the same, in [0, 1]. */
  readonly neighbours: number;
}

/** Compares vectors with those of the reference. */
export type Compare = (vectors: Vectors) => Promise<RuntimeAgreement>;

/** @param reference unit vectors of the same pictures */
export async function agreementWith(reference: Vectors): Promise<Compare> {
  const { count } = reference;
  const k = Math.min(NEIGHBOURS + 1, count); // itself is the nearest
  const rowsOf = async (all: Vectors) => (await searchNearest(all, all, k)).rows;
  const expected = await rowsOf(reference);
  return async (vectors) => {
    const { min, mean } = cosineRange(vectors, reference);
    const found = await rowsOf(vectors);
    let shared = 0;
    for (let first = 0; first < count * k; first += k) {
      const known = new Set(expected.subarray(first, first + k));
      for (const row of found.subarray(first, first + k)) if (known.has(row)) shared++;
    }
    return { cosine: { min: Math.min(1, min), mean }, neighbours: shared / (k * count) };
  };
}
