/** @file Rows of numbers: what is searched, compared and counted here. */

import type { RandomStream } from "../random/philox.js";

/** Vectors [count, dim], row-major. */
export interface Vectors {
  readonly count: number;
  readonly dim: number;
  readonly data: Float32Array<ArrayBuffer>;
}

/** Some rows of a larger set. */
export interface Selection {
  readonly vectors: Vectors;
  /** [count] where each row stands in the larger set, rising. */
  readonly rows: Int32Array;
}

/** Some rows: a set of them, or a map by row. */
type Rows = { readonly size: number; has(row: number): boolean };

/** All rows but those that hold no picture. */
export function withoutRows(vectors: Vectors, broken: Rows): Selection {
  const all = Int32Array.from({ length: vectors.count }, (_, row) => row);
  if (broken.size === 0) return { vectors, rows: all };
  const rows = all.filter((row) => !broken.has(row));
  return { vectors: takeRows(vectors, rows), rows };
}

/** @returns the rows, in this order */
export function takeRows({ dim, data }: Vectors, rows: ArrayLike<number>): Vectors {
  const taken = new Float32Array(rows.length * dim);
  for (let at = 0; at < rows.length; at++) {
    taken.set(data.subarray(rows[at]! * dim, (rows[at]! + 1) * dim), at * dim);
  }
  return { count: rows.length, dim, data: taken };
}

/** All of 0 ... count - 1 in a random order. */
export function shuffledRows(count: number, stream: RandomStream): Int32Array {
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  stream.shuffle(rows);
  return rows;
}

/** Scales each vector to length 1; a zero vector stays zero. */
export function normalizeRows({ count, dim, data }: Vectors): Vectors {
  const unit = Float32Array.from(data);
  for (let row = 0; row < count; row++) {
    const vector = unit.subarray(row * dim, (row + 1) * dim);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) vector.forEach((value, at) => (vector[at] = value / length));
  }
  return { count, dim, data: unit };
}

/** Cosine of each row of `a` with the same row of `b`, [count] in float64; not a number for a zero vector. */
export function rowCosines(a: Vectors, b: Vectors): Float64Array {
  const cosines = new Float64Array(a.count);
  for (let row = 0; row < a.count; row++) {
    let [dot, lengthA, lengthB] = [0, 0, 0];
    for (let at = row * a.dim; at < (row + 1) * a.dim; at++) {
      dot += a.data[at]! * b.data[at]!;
      lengthA += a.data[at]! ** 2;
      lengthB += b.data[at]! ** 2;
    }
    cosines[row] = dot / Math.sqrt(lengthA * lengthB);
  }
  return cosines;
}

/** Of rowCosines: not a number where one of them is none. */
export function cosineRange(a: Vectors, b: Vectors): { readonly min: number; readonly mean: number } {
  const cosines = rowCosines(a, b);
  const sum = cosines.reduce((total, cosine) => total + cosine, 0);
  return {
    min: cosines.reduce((least, cosine) => Math.min(least, cosine), Infinity),
    mean: sum / cosines.length,
  };
}
