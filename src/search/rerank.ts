/** @file Exact similarities of the rows that a scan could not rule out. */

import { UsageError } from "../errors.js";
import type { Candidates } from "./selection.js";

/** Rows, most similar first, the lower first among equals; fewer than k where there are fewer. */
export interface Nearest {
  readonly rows: Int32Array;
  readonly similarities: Float32Array;
}

/** The exact vectors [rows.length, dim] of these rows, which may lie in a file. */
export type RowsOf = (rows: Int32Array) => Float32Array;

/** Anything that finds candidates: one thread, or several. */
export interface CandidateScan {
  candidates(query: Float32Array, k: number): Candidates | Promise<Candidates>;
}

/** Rows that are read at once. */
const BATCH = 256;

/**
 * The k rows with the largest dot products, calculated in float64 and rounded to float32. What is most similar by its
 * code comes first, and the rest is left unread once it cannot be among the k.
 * @param rowsOf the vectors that were quantized: their error is in the candidates' bounds
 */
export function rerank(
  { rows, upper }: Pick<Candidates, "rows" | "upper">,
  query: Float32Array,
  k: number,
  rowsOf: RowsOf,
): Nearest {
  // Infinity - Infinity is no number.
  const order = Uint32Array.from(rows.keys()).sort((a, b) => upper[b]! - upper[a]! || 0);
  let found: Found[] = [];
  for (let first = 0; first < order.length; first += BATCH) {
    const kth = found[k - 1];
    if (kth && kth.similarity > upper[order[first]!]!) break;
    const batch = Int32Array.from(order.subarray(first, first + BATCH), (at) => rows[at]!).sort();
    found = [...found, ...multiply(batch, query, rowsOf)].sort(byNearness).slice(0, k);
  }
  return {
    rows: Int32Array.from(found, ({ row }) => row),
    similarities: Float32Array.from(found, ({ similarity }) => similarity),
  };
}

/** The k nearest of these rows, of which nothing is known yet; otherwise as `rerank`. */
export function rankRows(rows: Int32Array, query: Float32Array, k: number, rowsOf: RowsOf): Nearest {
  return rerank({ rows, upper: new Float64Array(rows.length).fill(Infinity) }, query, k, rowsOf);
}

/** The k nearest rows: those that `searchNearest` of the evaluation finds among the exact vectors. */
export async function searchExactly(
  scan: CandidateScan,
  query: Float32Array,
  k: number,
  rowsOf: RowsOf,
): Promise<Nearest> {
  return rerank(await scan.candidates(query, k), query, k, rowsOf);
}

interface Found {
  readonly row: number;
  readonly similarity: number;
}

const byNearness = (a: Found, b: Found): number => b.similarity - a.similarity || a.row - b.row;

function multiply(rows: Int32Array, query: Float32Array, rowsOf: RowsOf): Found[] {
  const dim = query.length;
  const data = rowsOf(rows);
  if (data.length !== rows.length * dim) {
    throw new UsageError(
      `rerank: rowsOf gave ${data.length} numbers for ${rows.length} rows, expected ${dim} for each; give it the vectors that were quantized`,
    );
  }
  return Array.from(rows, (row, at) => {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += query[i]! * data[at * dim + i]!;
    return { row, similarity: Math.fround(sum) };
  });
}
