/** @file Vectors written down row by row. */

import type { Vectors } from "../../src/search/vectors.js";

export const vectors = (dim: number, ...rows: readonly (readonly number[])[]): Vectors => ({
  count: rows.length,
  dim,
  data: Float32Array.from(rows.flat()),
});
