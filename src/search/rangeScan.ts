/** @file The scan over some of the rows: what one thread does. */

import type { SharedWasmMemory, WasmMemory } from "../simd/instance.js";
import { BLOCK_ROWS, type Scratch, type Segment } from "./codeMemory.js";
import { boundsOf, NO_BOUNDS, type CodedQuery } from "./query.js";
import type { ScanKernel } from "./scanKernel.js";
import type { Block } from "./selection.js";

export interface Place {
  readonly dim: number;
  readonly memory: WasmMemory | SharedWasmMemory;
  readonly kernel: ScanKernel;
  readonly scratch: Scratch;
}

/** Rows from `first` to `end` - 1 of all segments. */
export interface RowRange {
  readonly first: number;
  readonly end: number;
}

/**
 * Shows the similarities of these rows, block by block, in order.
 * @param bounded false: as if they were the true ones
 */
export function scanRange(
  place: Place,
  segments: readonly Segment[],
  query: CodedQuery,
  { first, end }: RowRange,
  bounded: boolean,
  visit: (block: Block) => void,
): void {
  const { dim, memory, scratch } = place;
  new Int16Array(memory.buffer, scratch.query, query.codes.length).set(query.codes);
  new Float32Array(memory.buffer, scratch.queryScale, 1)[0] = query.scale;
  for (const segment of segments) {
    const { firstRow, count, error, mostScale } = segment;
    const last = Math.min(end, firstRow + count);
    const bounds = bounded ? boundsOf(query, { dim, error }) : NO_BOUNDS;
    for (let row = Math.max(first, firstRow); row < last; row += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, last - row);
      visit({ first: row, mostScale, bounds, ...multiplyBlock(place, segment, query, row - firstRow, rows) });
    }
  }
}

function multiplyBlock(
  { dim, memory: { buffer }, kernel, scratch }: Place,
  segment: Segment,
  query: CodedQuery,
  at: number,
  rows: number,
): Pick<Block, "similarities" | "scales" | "deleted"> {
  const target = scratch.similarities;
  const scales = segment.scales + 4 * at;
  kernel.multiplyRows(
    ...([target, target + 4 * rows, segment.codes + dim * at, dim, scales] as const),
    ...([scratch.query, scratch.query + 2 * query.codes.length, scratch.queryScale] as const),
  );
  return {
    similarities: new Float32Array(buffer, target, rows),
    scales: new Float32Array(buffer, scales, rows),
    deleted: new Uint8Array(buffer, segment.deleted + at, rows),
  };
}
