/**
 * @file Vectors in a quarter of their room: one byte a number and one scale a row. A whole bank fits into memory, a
 * browser downloads it in seconds, and since the error of every row is known, a scan over the codes can prove that it
 * misses none of the nearest rows (see scan.ts).
 */

/**
 * Row r stands for scales[r] · codes[r·dim ... (r+1)·dim - 1], and each of its numbers is off by half of scales[r] at
 * most: searches rely on it.
 */
export interface Codes {
  readonly count: number;
  readonly dim: number;
  /** [count, dim] from -127 to 127 */
  readonly codes: Int8Array;
  /** [count] ≥ 0 */
  readonly scales: Float32Array;
  /** Largest Euclidean distance between a row and what stands for it. */
  readonly error: number;
}
