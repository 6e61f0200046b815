/** @file Which rows a person should label next: those where the votes are nearly tied, but not many of one kind. */

import type { Labelling } from "./labelling.js";
import type { Predictions, SimilaritiesOf } from "./predict.js";

/**
 * Rows without a label, the one that tells most first. One after the other is picked: high where the two best classes
 * are close, or no example is similar, and lowered by its likeness to rows picked before.
 * @returns at most `count` rows
 */
export async function ambiguousRows(
  labelling: Labelling,
  predictions: Predictions,
  count: number,
  similaritiesOf: SimilaritiesOf,
): Promise<number[]> {
  const worth = Float32Array.from({ length: labelling.rows }, (_, row) =>
    worthOf(labelling, predictions, row),
  );
  const picked: number[] = [];
  while (picked.length < count) {
    const row = largest(worth);
    if (row === null) break;
    picked.push(row);
    if (picked.length === count) break;
    const similarities = await similaritiesOf(row);
    worth.forEach((value, other) => (worth[other] = value * (1 - Math.max(0, similarities[other]!))));
    worth[row] = TAKEN;
  }
  return picked;
}

/** Never picked; a product with a likeness keeps its sign. */
const TAKEN = -1;

/** In [0, 2]. */
function worthOf(labelling: Labelling, { margin, nearest }: Predictions, row: number): number {
  if (labelling.examples.has(row)) return TAKEN;
  // While there is one class, no vote is close: what is unlike its examples may be of another.
  const doubt = labelling.classes.length > 1 ? 1 - margin[row]! : 0;
  return doubt + UNLIKE_SHARE * (1 - Math.max(0, nearest[row]!));
}

/** How much of its worth a row gets for being unlike all examples: enough to decide among equal doubts. */
const UNLIKE_SHARE = 0.1;

/** The place of the largest value that is not TAKEN; the first among equals. */
function largest(values: Float32Array): number | null {
  let best: number | null = null;
  values.forEach((value, at) => {
    if (value >= 0 && (best === null || value > values[best]!)) best = at;
  });
  return best;
}
