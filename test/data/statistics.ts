/** @file How far a sample lies from the distribution it should have. */

/** A Kolmogorov distance above this, times the root of 1 / n (or 1 / n + 1 / m), shows up once in a thousand seeds. */
export const RARE_DISTANCE = 1.95;

/** Largest distance between the sample's distribution and the uniform one over low ... high. */
export function kolmogorov(sample: readonly number[], low: number, high: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((value, rank) => Math.abs((rank + 0.5) / sorted.length - (value - low) / (high - low))),
  );
}

/** Largest distance at `points` between the share of the sample at most there and `shares`. */
export function distanceAtPoints(
  sample: readonly number[],
  points: readonly number[],
  shares: readonly number[],
): number {
  return Math.max(
    ...points.map((point, at) => {
      const below = sample.filter((value) => value <= point).length;
      return Math.abs(below / sample.length - shares[at]!);
    }),
  );
}

/** Pearson's sum of (found - expected)² / expected. */
export function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
