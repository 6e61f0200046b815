/**
 * @file Which segments become one. Single pictures added one by one would make thousands of small files; eight segments
 * of a size become one of the next, so that a row is written again a few times only and few segments are left.
 */

const FAN = 8;
/** Segments up to this count as one size. */
const SMALLEST = 64;

/** Sizes differ by a factor of eight. */
function sizeClass(rows: number): number {
  return Math.max(0, Math.ceil(Math.log(Math.max(1, rows) / SMALLEST) / Math.log(FAN)));
}

/**
 * @param sizes rows of the segments that may be merged, oldest first
 * @param added rows of a new segment after them
 * @param most rows of a segment
 * @returns how many of the last segments the new one takes in
 */
export function segmentsToMerge(sizes: readonly number[], added: number, most: number): number {
  let [taken, rows] = [0, added];
  for (;;) {
    const size = sizeClass(rows);
    let [more, sum] = [taken, rows];
    for (; more < sizes.length; more++) {
      const next = sizes[sizes.length - 1 - more]!;
      if (sizeClass(next) > size || sum + next > most) break;
      sum += next;
    }
    // The new one, or what it has grown to, is one of the eight.
    if (more - taken < FAN - 1) return taken;
    [taken, rows] = [more, sum];
  }
}
