/** @file Stands in for src/search/quantize.ts until that is there. */

import type { Codes } from "../../search/codes.js";
import type { Vectors } from "../../search/vectors.js";

/** Largest code: -128 is not used, so that the range is symmetric. */
const MOST = 127;

/** Each row by its own scale, so that its largest number becomes ±127. */
export function quantizeRows({ count, dim, data }: Vectors): Codes {
  const codes = new Int8Array(count * dim);
  const scales = new Float32Array(count);
  let error = 0;
  for (let row = 0; row < count; row++) {
    let largest = 0;
    for (let at = row * dim; at < (row + 1) * dim; at++) largest = Math.max(largest, Math.abs(data[at]!));
    scales[row] = largest / MOST;
    const scale = scales[row]!;
    let squares = 0;
    for (let at = row * dim; at < (row + 1) * dim; at++) {
      codes[at] = scale === 0 ? 0 : Math.round(data[at]! / scale);
      squares += (data[at]! - scale * codes[at]!) ** 2;
    }
    error = Math.max(error, Math.sqrt(squares));
  }
  return { count, dim, codes, scales, error };
}
