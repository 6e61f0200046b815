/** @file How near the vectors of one runtime are to those of another. */

import { searchNearest } from "../evaluate/search.js";
import { rowCosines, type Vectors } from "../search/vectors.js";

/** Neighbours that are compared. */
const NEIGHBOURS = 10;

export interface RuntimeAgreement {
  /** Of a picture's vector here and there. */
  readonly cosine: { readonly min: number; readonly mean: number };
  /** Share of the nearest ten among the pictures themselves that are the same, in [0, 1]. */
  readonly neighbours: number;
}

/** @param reference unit vectors of the same pictures */
export async function agreementOf(vectors: Vectors, reference: Vectors): Promise<RuntimeAgreement> {
  const cosines = rowCosines(vectors, reference);
  const min = cosines.reduce((least, value) => (value < least || Number.isNaN(value) ? value : least), 1);
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  return { cosine: { min, mean }, neighbours: await sharedNeighbours(vectors, reference) };
}

async function sharedNeighbours(vectors: Vectors, reference: Vectors): Promise<number> {
  const k = Math.min(NEIGHBOURS + 1, vectors.count); // itself is the nearest
  const [here, there] = await Promise.all([vectors, reference].map((all) => searchNearest(all, all, k)));
  let shared = 0;
  for (let row = 0; row < vectors.count; row++) {
    const known = new Set(there!.rows.subarray(row * k, (row + 1) * k));
    for (const found of here!.rows.subarray(row * k, (row + 1) * k)) if (known.has(found)) shared++;
  }
  return shared / (k * vectors.count);
}
