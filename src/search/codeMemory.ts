/**
 * @file Codes where the scan reads them: in WebAssembly memory, of one thread or of several. They can be read from a
 * file straight into it, so that there is one copy of them.
 */

import { UsageError } from "../errors.js";
import {
  createMemory,
  createSharedMemory,
  growTo,
  MOST_BYTES,
  type SharedWasmMemory,
  type WasmMemory,
} from "../simd/instance.js";
import type { Codes } from "./codes.js";
import { CHUNK, ROWS_AT_ONCE } from "./scanKernel.js";

/** Codes that were added together. Addresses are bytes. */
export interface Segment {
  readonly firstRow: number;
  readonly count: number;
  readonly codes: number;
  readonly scales: number;
  readonly deleted: number; // one byte a row, not 0: deleted
  readonly error: number;
  readonly mostScale: number;
}

/** Where codes are to be written: views that are good until more memory is taken. */
export interface CodeSpace {
  readonly codes: Int8Array; // [count, dim]
  readonly scales: Float32Array; // [count]
}

/** What a query and its similarities need, once for each thread. */
export interface Scratch {
  readonly query: number;
  readonly queryScale: number;
  readonly similarities: number; // BLOCK_ROWS float32, and as many more as the kernel may write
}

/** Rows whose similarities are calculated before they are looked at: few enough to stay in the nearest cache. */
export const BLOCK_ROWS = 4096;
const VECTOR_BYTES = 16;

export class CodeMemory<M extends WasmMemory | SharedWasmMemory = WasmMemory> {
  private taken = 0; // bytes
  private readonly added: Segment[] = [];

  constructor(
    readonly dim: number,
    readonly memory: M,
  ) {
    if (!Number.isSafeInteger(dim) || dim < 1) {
      throw new UsageError(`scan: ${dim} numbers in a vector, expected 1 at least; name the vectors' length`);
    }
  }

  static ofOneThread(dim: number): CodeMemory {
    return new CodeMemory(dim, createMemory(0));
  }

  static ofThreads(dim: number): CodeMemory<SharedWasmMemory> {
    return new CodeMemory(dim, createSharedMemory(0));
  }

  get segments(): readonly Segment[] {
    return this.added;
  }

  /** Rows, deleted ones too. */
  get rows(): number {
    const last = this.added.at(-1);
    return last ? last.firstRow + last.count : 0;
  }

  takeScratch(): Scratch {
    return {
      query: this.take(2 * (this.dim + CHUNK)),
      queryScale: this.take(4),
      similarities: this.take(4 * (BLOCK_ROWS + ROWS_AT_ONCE)),
    };
  }

  /**
   * Space for so many codes; `finish` makes them rows that are searched.
   * @throws UsageError beyond 4 GiB
   */
  reserve(count: number): { readonly space: CodeSpace; finish(error: number): Segment } {
    const { dim, memory } = this;
    // Whole groups of rows, and what is read past them.
    const padded = Math.ceil(count / ROWS_AT_ONCE) * ROWS_AT_ONCE;
    const codes = this.take(padded * dim + CHUNK);
    const scales = this.take(4 * padded);
    const deleted = this.take(count);
    const space = {
      codes: new Int8Array(memory.buffer, codes, count * dim),
      scales: new Float32Array(memory.buffer, scales, count),
    };
    const finish = (error: number): Segment => {
      const mostScale = new Float32Array(memory.buffer, scales, count).reduce((a, b) => Math.max(a, b), 0);
      const segment = { firstRow: this.rows, count, codes, scales, deleted, error, mostScale };
      this.added.push(segment);
      return segment;
    };
    return { space, finish };
  }

  /** @throws UsageError for codes of another length */
  add({ count, dim, codes, scales, error }: Codes): Segment {
    if (dim !== this.dim) {
      throw new UsageError(`scan: the codes have ${dim} numbers a row, expected ${this.dim} as the others`);
    }
    const { space, finish } = this.reserve(count);
    space.codes.set(codes);
    space.scales.set(scales);
    return finish(error);
  }

  /** @returns how many were not deleted before @throws UsageError for a row that is not there */
  delete(rows: Iterable<number>): number {
    let deleted = 0;
    const bytes = new Uint8Array(this.memory.buffer);
    for (const row of rows) {
      const segment = this.added.find(({ firstRow, count }) => row >= firstRow && row < firstRow + count);
      if (!segment) {
        throw new UsageError(`scan: there is no row ${row} to delete, expected 0 to ${this.rows - 1}`);
      }
      const at = segment.deleted + row - segment.firstRow;
      if (bytes[at] === 0) deleted++;
      bytes[at] = 1;
    }
    return deleted;
  }

  /** @returns address of so many bytes, all zero */
  private take(bytes: number): number {
    const address = this.taken;
    const end = address + Math.ceil(bytes / VECTOR_BYTES) * VECTOR_BYTES;
    if (end > MOST_BYTES) {
      throw new UsageError(
        `scan: the codes take ${(end / 2 ** 30).toFixed(1)} GiB, expected 4 at most; search so many vectors with HNSW`,
      );
    }
    growTo(this.memory, end);
    this.taken = end;
    return address;
  }
}
