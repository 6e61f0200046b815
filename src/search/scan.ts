/**
 * @file Exhaustive search over codes by one thread, in Node and in a browser. `candidates` are provably all rows that
 * can be among the nearest, see query.ts; `rerank` finds the nearest among them from the exact vectors.
 */

import { UsageError } from "../errors.js";
import { CodeMemory, type CodeSpace } from "./codeMemory.js";
import type { Codes } from "./codes.js";
import { codeQuery } from "./query.js";
import { scanRange, type Place } from "./rangeScan.js";
import type { Nearest } from "./rerank.js";
import { scanKernel } from "./scanKernel.js";
import { Selection, type Block, type Candidates } from "./selection.js";

export class Scanner {
  private readonly codes: CodeMemory;
  private readonly place: Place;
  private deleted = 0;

  /** @param segments rows count on from one to the next */
  constructor(
    readonly dim: number,
    segments: Iterable<Codes> = [],
  ) {
    this.codes = CodeMemory.ofOneThread(dim);
    const { memory } = this.codes;
    this.place = { dim, memory, kernel: scanKernel(memory), scratch: this.codes.takeScratch() };
    for (const segment of segments) this.add(segment);
  }

  /** Rows, deleted ones too. */
  get rows(): number {
    return this.codes.rows;
  }

  /** Rows that can be found. */
  get count(): number {
    return this.codes.rows - this.deleted;
  }

  /** Copies the codes. @returns row of the first @throws UsageError for codes of another length, or beyond 4 GiB */
  add(codes: Codes): number {
    return this.codes.add(codes).firstRow;
  }

  /**
   * Adds codes that the caller writes where they will stay: read from a file, say.
   * @param error as in Codes  @returns row of the first
   */
  addInPlace(count: number, error: number, write: (space: CodeSpace) => void): number {
    const { space, finish } = this.codes.reserve(count);
    write(space);
    return finish(error).firstRow;
  }

  /** These rows are found no more; the others keep their places. @throws UsageError for a row that is not there */
  delete(rows: Iterable<number>): void {
    this.deleted += this.codes.delete(rows);
  }

  /** @returns [rows] by the codes, of deleted rows too @throws UsageError, as below, for a query of another length */
  similarities(query: Float32Array): Float32Array<ArrayBuffer> {
    const all = new Float32Array(this.rows);
    this.scan(query, false, ({ first, similarities }) => all.set(similarities, first));
    return all;
  }

  /** The k nearest rows by the codes alone. */
  search(query: Float32Array, k: number): Nearest {
    return nearestOf(this.select(query, k, false), k);
  }

  /** All rows that can be among the k nearest. */
  candidates(query: Float32Array, k: number): Candidates {
    return this.select(query, k, true);
  }

  private select(query: Float32Array, k: number, bounded: boolean): Candidates {
    const selection = new Selection(checkK(k, this.rows));
    this.scan(query, bounded, (block) => selection.add(block));
    return selection.finish();
  }

  private scan(query: Float32Array, bounded: boolean, visit: (block: Block) => void): void {
    const range = { first: 0, end: this.rows };
    scanRange(this.place, this.codes.segments, codeQuery(query, this.dim), range, bounded, visit);
  }
}

/** @returns k, or the number of rows, where that is less @throws UsageError unless a whole number from 1 */
export function checkK(k: number, rows: number): number {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new UsageError(`search: ${k} nearest rows, expected a whole number from 1; give another k`);
  }
  return Math.min(k, Math.max(1, rows));
}

/** Candidates whose similarities are taken as they are. */
export function nearestOf({ rows, upper }: Candidates, k: number): Nearest {
  const order = Uint32Array.from(rows.keys()).sort((a, b) => upper[b]! - upper[a]! || a - b);
  const first = order.subarray(0, k);
  return {
    rows: Int32Array.from(first, (at) => rows[at]!),
    similarities: Float32Array.from(first, (at) => upper[at]!),
  };
}
