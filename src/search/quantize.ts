/** @file Vectors to codes of one byte a number, see codes.ts. */

import { UsageError } from "../errors.js";
import type { Codes } from "./codes.js";
import type { Vectors } from "./vectors.js";

export const MOST_CODE = 127;

/** Smallest number that float32 keeps with all its digits: a smaller scale would be no number to divide by. */
export const LEAST_SCALE = 2 ** -126;

/**
 * Rounds each row to whole multiples of its largest number / 127. A zero row has scale 0.
 * @throws UsageError for numbers that are not finite
 */
export function quantizeRows({ count, dim, data }: Vectors): Codes {
  const codes = new Int8Array(count * dim);
  const scales = new Float32Array(count);
  let worst = 0;
  for (let row = 0; row < count; row++) {
    const scale = (scales[row] = scaleOf(data, row, dim));
    if (scale > 0) worst = Math.max(worst, roundRow(data, codes, row * dim, (row + 1) * dim, scale));
  }
  return { count, dim, codes, scales, error: Math.sqrt(worst) };
}

function scaleOf(data: Float32Array, row: number, dim: number): number {
  let most = 0;
  for (let at = row * dim; at < (row + 1) * dim; at++) {
    const size = Math.abs(data[at]!);
    // Written so that NaN is more than anything.
    if (!(size <= most)) most = size;
  }
  if (!Number.isFinite(most)) {
    throw new UsageError(
      `quantizeRows: row ${row} holds a number that is not finite, expected finite numbers; leave the row out`,
    );
  }
  return most === 0 ? 0 : Math.max(LEAST_SCALE, Math.fround(most / MOST_CODE));
}

/** @returns squared distance of the row from its code */
function roundRow(data: Float32Array, codes: Int8Array, first: number, end: number, scale: number): number {
  let squares = 0;
  for (let at = first; at < end; at++) {
    const value = data[at]!;
    const code = Math.round(value / scale);
    codes[at] = code;
    squares += (value - code * scale) ** 2;
  }
  return squares;
}
