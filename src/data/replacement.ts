/** @file Which picture takes the place of a broken one. Every loader draws it alike. */

import { DataError } from "../errors.js";
import { RandomStream } from "../random/philox.js";

/** After so many draws without one good picture the set is taken to hold none. */
const DRAWS = 1000;

export interface BrokenPlace {
  readonly seed: number;
  readonly epoch: number;
  readonly row: number; // of the broken picture
  readonly rowCount: number; // of the set
}

/**
 * The first row drawn that is good and not in the batch, since a bank row should be written once a step; where only
 * pictures of the batch can be read, the first drawn of those.
 * @param present [count] rows of the batch
 * @param isGood asked of rows of the batch too
 * @returns null: no picture can be read
 */
export async function drawReplacement(
  { seed, epoch, row, rowCount }: BrokenPlace,
  present: Int32Array,
  isGood: (candidate: number) => boolean | Promise<boolean>,
): Promise<number | null> {
  const stream = new RandomStream(seed, "replacement", epoch, row);
  let twice: number | null = null;
  for (let draw = 0; draw < DRAWS; draw++) {
    const candidate = stream.below(rowCount);
    const isTwice = present.includes(candidate);
    if ((isTwice && twice !== null) || !(await isGood(candidate))) continue;
    if (!isTwice) return candidate;
    twice = candidate;
  }
  return twice;
}

/** @param firstFault what the first broken picture's error says */
export function noneReadable(name: string, rowCount: number, firstFault: string): DataError {
  return new DataError(
    `${name}: found no picture that can be read, in ${DRAWS} draws from ${rowCount}, expected at least ` +
      `one; the first fault: ${firstFault}`,
  );
}
