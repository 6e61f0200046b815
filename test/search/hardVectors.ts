/** @file Sets of vectors that are hard to search: near-duplicates, ties, zeros, outliers; and the slow true answer. */

import fc from "fast-check";
import { RandomStream } from "../../src/random/philox.js";
import type { Nearest } from "../../src/search/rerank.js";
import { normalizeRows, takeRows, type Vectors } from "../../src/search/vectors.js";

export function randomRows(count: number, dim: number, seed: number): Vectors {
  const stream = new RandomStream(seed, "rows");
  const data = Float32Array.from({ length: count * dim }, () => 2 * stream.uniform() - 1);
  return normalizeRows({ count, dim, data });
}

/** Exact rows for a rerank. */
export const rowsIn = (bank: Vectors) => (rows: Int32Array) => takeRows(bank, rows).data;

/** How far rows are from the query or each other; 0: all the same. */
const NOISES = [0, 1e-7, 1e-5, 1e-3, 0.03, 1];

export interface SearchCase {
  readonly bank: Vectors;
  readonly query: Float32Array;
  readonly k: number;
}

/** Rows around a few centres, some copied, some zero, some with one large number or of another length. */
export const searchCases: fc.Arbitrary<SearchCase> = fc
  .record({
    dim: fc.integer({ min: 1, max: 200 }),
    count: fc.integer({ min: 1, max: 300 }),
    k: fc.integer({ min: 1, max: 30 }),
    centres: fc.integer({ min: 1, max: 4 }),
    noise: fc.constantFrom(...NOISES),
    queryNoise: fc.constantFrom(...NOISES),
    size: fc.constantFrom(1, 1, 1, 1e-30, 1e-42, 1000),
    seed: fc.nat(),
  })
  .map(({ dim, count, k, centres, noise, queryNoise, size, seed }) => {
    const stream = new RandomStream(seed, "case");
    const around = (centre: Float32Array, by: number) =>
      centre.map((value) => value + by * (2 * stream.uniform() - 1));
    const middle = randomRows(centres, dim, seed);
    const rows = Array.from({ length: count }, (): Float32Array => {
      const centre = Math.floor(stream.uniform() * centres);
      const row = around(middle.data.subarray(centre * dim, (centre + 1) * dim), noise);
      const kind = stream.uniform();
      if (kind < 0.1) row.fill(0);
      else if (kind < 0.2) row[0] = 1;
      else if (kind < 0.3) return row.map((value) => value * size * stream.uniform());
      return row.map((value) => value * size);
    });
    // Every third row is a copy of an earlier one.
    rows.forEach((row, at) => {
      if (at % 3 === 2) row.set(rows[Math.floor(stream.uniform() * at)]!);
    });
    const data = new Float32Array(count * dim);
    rows.forEach((row, at) => data.set(row, at * dim));
    return { bank: { count, dim, data }, query: around(rows[0]!, queryNoise * size), k };
  });

/** By float64 dot products rounded to float32, lower row first among equals. */
export function nearestByBruteForce({ bank, query, k }: SearchCase, deleted = new Set<number>()): Nearest {
  const all = Array.from({ length: bank.count }, (_, row) => {
    let similarity = 0;
    for (let at = 0; at < bank.dim; at++) similarity += query[at]! * bank.data[row * bank.dim + at]!;
    return { row, similarity: Math.fround(similarity) };
  });
  const found = all
    .filter(({ row }) => !deleted.has(row))
    .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
    .slice(0, k);
  return {
    rows: Int32Array.from(found, ({ row }) => row),
    similarities: Float32Array.from(found, ({ similarity }) => similarity),
  };
}
