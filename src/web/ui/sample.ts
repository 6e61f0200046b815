/** @file Some pictures to start from. */

/** The multiplier of a linear congruential generator, modulo 2^32. Source: Numerical Recipes, section 7.1 */
const MULTIPLIER = 1664525;
const INCREMENT = 1013904223;

/** Rows from all over the collection, none twice; the same for the same seed. */
export function sampleRows(rows: number, count: number, seed: number): number[] {
  const wanted = Math.min(count, rows);
  let state = seed + 1;
  return Array.from({ length: wanted }, (_, at) => {
    state = (Math.imul(state, MULTIPLIER) + INCREMENT) >>> 0;
    // One out of each of `wanted` equal stretches.
    const [from, to] = [Math.floor((at * rows) / wanted), Math.floor(((at + 1) * rows) / wanted)];
    return from + Math.floor((state / 2 ** 32) * (to - from));
  });
}
