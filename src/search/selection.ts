/**
 * @file Which rows can be among the k most similar, when every similarity is known only to lie between two bounds: those
 * whose upper bound reaches the k-th largest lower bound. Rows come in blocks, in their order; most are dismissed
 * by one comparison.
 */

import { LargestNumbers } from "./largestNumbers.js";
import { TINY, type Bounds } from "./query.js";

/** Rows, rising, and the bounds of each one's similarity. */
export interface Candidates {
  readonly rows: Int32Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Similarities of consecutive rows. */
export interface Block {
  readonly first: number; // row
  readonly similarities: Float32Array; // [count]
  readonly scales: Float32Array; // [count]
  readonly mostScale: number;
  /** [count] not 0: the row was deleted */
  readonly deleted: Uint8Array;
  readonly bounds: Bounds;
}

/** Rows that are kept before those are thrown out that have turned out too far away. */
const ROOM = 4096;

export class Selection {
  private rows: number[] = [];
  private lower: number[] = [];
  private upper: number[] = [];
  private room = ROOM;
  private readonly best: LargestNumbers;

  constructor(k: number) {
    this.best = new LargestNumbers(k);
  }

  add({ first, similarities, scales, mostScale, deleted, bounds }: Block): void {
    const widest = spread(bounds, mostScale);
    let least = this.best.least - widest;
    for (let at = 0; at < similarities.length; at++) {
      const similarity = similarities[at]!;
      if (similarity < least || deleted[at] !== 0) continue;
      const off = spread(bounds, scales[at]!);
      // Equal is not enough: k rows before this one are as similar at least.
      if (similarity + off <= this.best.least) continue;
      this.keep(first + at, similarity - off, similarity + off);
      least = this.best.least - widest;
    }
  }

  private keep(row: number, lower: number, upper: number): void {
    this.best.add(lower);
    if (this.rows.length >= this.room) {
      this.throwOut();
      this.room = Math.max(ROOM, 2 * this.rows.length);
    }
    this.rows.push(row);
    this.lower.push(lower);
    this.upper.push(upper);
  }

  private throwOut(): void {
    const stays = this.upper.map((upper) => upper >= this.best.least);
    const staying = (_: number, at: number) => stays[at]!;
    this.rows = this.rows.filter(staying);
    this.lower = this.lower.filter(staying);
    this.upper = this.upper.filter(staying);
  }

  finish(): Candidates {
    this.throwOut();
    const { rows, lower, upper } = this;
    return {
      rows: Int32Array.from(rows),
      lower: Float64Array.from(lower),
      upper: Float64Array.from(upper),
    };
  }
}

/** The candidates of consecutive parts, as if they had been one. */
export function joinCandidates(parts: readonly Candidates[], k: number): Candidates {
  const best = new LargestNumbers(k);
  for (const { lower } of parts) lower.forEach((value) => best.add(value));
  const staying = parts.map(({ upper }) =>
    Uint32Array.from(upper.keys()).filter((at) => upper[at]! >= best.least),
  );
  const take = (of: (part: Candidates) => Float64Array | Int32Array): number[] =>
    parts.flatMap((part, which) => Array.from(staying[which]!, (at) => of(part)[at]!));
  return {
    rows: Int32Array.from(take(({ rows }) => rows)),
    lower: Float64Array.from(take(({ lower }) => lower)),
    upper: Float64Array.from(take(({ upper }) => upper)),
  };
}

/** Half of the room that a similarity is known to lie in; a zero row's is known exactly. */
function spread({ most, perScale, rest }: Bounds, scale: number): number {
  return scale === 0 || rest === 0 ? 0 : Math.min(most, perScale * scale) + rest * scale + TINY;
}
