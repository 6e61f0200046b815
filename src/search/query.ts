/**
 * @file A query for the scan: 16-bit numbers, and how far a similarity to a row's code may be from the one to the row.
 *
 * q, x query and row; q', x' what their codes stand for; e = |x - x'|. By Cauchy's inequality
 * |q·x - q'·x'| ≤ |q| e + |q - q'| |x'|. A row's e is at most the largest of its set, and at most what half a step in
 * each number comes to; |x'| is at most what the largest code in each number comes to.
 */

import { UsageError } from "../errors.js";
import type { Codes } from "./codes.js";
import { LEAST_SCALE, MOST_CODE } from "./quantize.js";
import { CHUNK } from "./scanKernel.js";

export interface CodedQuery {
  /** The query is about scale · codes. */
  readonly codes: Int16Array; // zeros from dim to the next multiple of CHUNK
  readonly scale: number; // a float32
  readonly length: number; // Euclidean
  readonly error: number; // Euclidean distance of the query from what stands for it
}

/** How far similarities to rows of one set may be off: less than min(most, perScale · scale) + rest · scale + TINY. */
export interface Bounds {
  readonly most: number;
  readonly perScale: number;
  readonly rest: number;
}

const MOST_SHORT = 32_767;
/** More than float32 rounds off in the kernel's product and in the similarity that the row is ranked by: 2^-22. */
const ROUNDING = 2 ** -20;
/** Covers the rounding of float64, in which all of this is calculated. */
const MARGIN = 1 + 1e-6;
/** More than float32 loses where it has no smaller numbers. */
export const TINY = 1e-37;

/**
 * Steps are as small as both 16 bits and the kernel's sums allow: 127 times the sum over |codes| stays below 2^31. Up
 * to 516 numbers that is no restriction.
 * @throws UsageError where a number is not finite or the length is not `dim`
 */
export function codeQuery(query: Float32Array, dim: number): CodedQuery {
  if (query.length !== dim || !query.every(Number.isFinite)) {
    const found = query.length === dim ? "a number that is not finite" : `${query.length} numbers`;
    throw new UsageError(
      `search: the query has ${found}, expected ${dim} finite numbers; embed it with the model of the vectors`,
    );
  }
  const [most, sum] = [
    query.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
    query.reduce((a, b) => a + Math.abs(b), 0),
  ];
  const forSums = (MOST_CODE * sum) / (2 ** 31 - MOST_CODE * dim);
  const step = Math.max(LEAST_SCALE, MARGIN * Math.max(most / MOST_SHORT, forSums));
  const scale = most === 0 ? 0 : Math.fround(step);
  const codes = new Int16Array(Math.ceil(dim / CHUNK) * CHUNK);
  let [squares, wrong] = [0, 0];
  for (let at = 0; at < dim && scale > 0; at++) {
    codes[at] = Math.round(query[at]! / scale);
    squares += query[at]! ** 2;
    wrong += (query[at]! - scale * codes[at]!) ** 2;
  }
  return { codes, scale, length: Math.sqrt(squares), error: Math.sqrt(wrong) };
}

export function boundsOf(
  { length, error }: CodedQuery,
  { dim, error: worst }: Pick<Codes, "dim" | "error">,
): Bounds {
  const diagonal = Math.sqrt(dim); // of a cube with side 1
  return {
    most: MARGIN * length * worst,
    perScale: (MARGIN * length * diagonal) / 2,
    rest: MARGIN * (error + ROUNDING * length) * MOST_CODE * diagonal,
  };
}

/** For similarities that are taken as they are. */
export const NO_BOUNDS: Bounds = { most: 0, perScale: 0, rest: 0 };
