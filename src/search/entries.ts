/** @file What may be added to an index. */

import { UsageError } from "../errors.js";
import type { Entries } from "./backend.js";

/** Vectors are of unit length; float16 rounds within this. */
const LENGTH_TOLERANCE = 0.002;
const MOST_NAMED = 5;

/** @throws UsageError listing every kind of fault: lengths, numbers that are none, ids given twice or unfit for a file */
export function checkEntries({ ids, vectors }: Entries, dim: number): void {
  const faults: string[] = [];
  if (vectors.dim !== dim) faults.push(`vectors of ${vectors.dim} numbers, expected ${dim}`);
  if (vectors.count !== ids.length) faults.push(`${vectors.count} vectors for ${ids.length} ids`);
  if (vectors.data.length !== vectors.count * vectors.dim)
    faults.push(`${vectors.data.length} numbers for ${vectors.count} vectors of ${vectors.dim}`);
  if (faults.length === 0) {
    const wrong = ids.filter((_, row) => !isUnit(vectors.data.subarray(row * dim, (row + 1) * dim)));
    if (wrong.length > 0) faults.push(`vectors that are not of length 1: of ${some(wrong)}`);
  }
  const twice = repeated(ids);
  if (twice.length > 0) faults.push(`ids given twice: ${some(twice)}`);
  const unfit = ids.filter((id) => id.length === 0 || id.includes("\0") || /\p{Surrogate}/u.test(id));
  if (unfit.length > 0) faults.push(`ids that are empty, or no Unicode text: ${some(unfit)}`);
  if (faults.length > 0)
    throw new UsageError(
      `index: found ${faults.join("; ")}; give unit vectors of ${dim} numbers, each under an id of its own`,
    );
}

/** @throws UsageError for queries that no index of this dim can answer */
export function checkQueries(found: number, dim: number, k: number): void {
  if (found !== dim)
    throw new UsageError(
      `search: found queries of ${found} numbers, expected ${dim}; embed them with the model of the index`,
    );
  if (!Number.isInteger(k) || k < 1)
    throw new UsageError(`search: found k ${k}, expected a whole number from 1; ask for at least one`);
}

/** Also false where a number is none. */
function isUnit(vector: Float32Array): boolean {
  let square = 0;
  for (const value of vector) square += value * value;
  return Math.abs(Math.sqrt(square) - 1) <= LENGTH_TOLERANCE;
}

function repeated(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}

function some(ids: readonly string[]): string {
  const named = ids.slice(0, MOST_NAMED).map((id) => JSON.stringify(id));
  return `${named.join(", ")}${ids.length > MOST_NAMED ? `, ... (${ids.length})` : ""}`;
}
