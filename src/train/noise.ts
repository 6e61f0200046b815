/**
 * @file Draws noise rows: uniform over the bank, as a pure function of seed and step, so that a resumed run draws what
 * one that never stopped would have drawn.
 */

import { UsageError } from "../errors.js";
import { RandomStream } from "../random/philox.js";

export interface NoiseRule {
  /** n: rows of the bank. */
  readonly instances: number;
  /** m: rows for each picture. */
  readonly negatives: number;
  /** A picture's own row may be drawn. */
  readonly positive: boolean;
  /** A row may be drawn more than once for a picture. */
  readonly duplicates: boolean;
}

/** @throws UsageError when there are not enough rows to draw from */
export function checkNoise({ instances, negatives, positive, duplicates }: NoiseRule): void {
  const open = positive ? instances : instances - 1;
  if (open >= (duplicates ? 1 : negatives)) return;
  throw new UsageError(
    `noise: ${open} of ${instances} rows may be drawn, expected at least ${duplicates ? 1 : negatives}; ` +
      `${duplicates ? "add pictures" : "lower --negatives or allow --noise-duplicates"}`,
  );
}

/**
 * Fills `into` with m rows for each of `rows`, drawn from RandomStream(seed, "noise", step) picture by picture.
 * @param step from 0
 * @param rows [B], the pictures' own rows
 * @param into [B · m]
 */
export function drawNoise(
  rule: NoiseRule,
  rows: Int32Array,
  seed: number,
  step: number,
  into: BigInt64Array,
): void {
  const stream = new RandomStream(seed, "noise", step);
  // Low words of the rows, which are below 2^31; every platform with Node or WebAssembly is little-endian.
  const words = new Int32Array(into.buffer, into.byteOffset, 2 * into.length);
  words.fill(0);
  const open = rule.positive ? rule.instances : rule.instances - 1;
  const draw = rule.duplicates ? drawWithDuplicates : drawDistinct;
  rows.forEach((own, at) => {
    // Without the own row, the rows behind it move up by one place.
    const gap = rule.positive ? rule.instances : own;
    const first = at * rule.negatives;
    draw(stream, open, rule.negatives, (position, row) => {
      words[2 * (first + position)] = row < gap ? row : row + 1;
    });
  });
}

type Put = (position: number, row: number) => void;

function drawWithDuplicates(stream: RandomStream, open: number, count: number, put: Put): void {
  for (let position = 0; position < count; position++) put(position, stream.below(open));
}

/**
 * A uniform subset in O(count), whatever `open` is: one draw for each member, and the newest number where the draw
 * is already a member.
 * Source: R. Floyd, in Bentley, Programming Pearls: A Sample of Brilliance, CACM 1987
 */
function drawDistinct(stream: RandomStream, open: number, count: number, put: Put): void {
  const drawn = new Set<number>();
  for (let newest = open - count; newest < open; newest++) {
    const row = stream.below(newest + 1);
    const member = drawn.has(row) ? newest : row;
    put(drawn.size, member);
    drawn.add(member);
  }
}
