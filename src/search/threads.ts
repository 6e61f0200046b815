/**
 * @file The scan of scan.ts over several threads of Node. The codes lie once, in memory that all of them read; each
 * thread takes its part of the rows. What is found does not depend on how many there are.
 */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { unpackError, UsageError } from "../errors.js";
import type { SharedWasmMemory } from "../simd/instance.js";
import { BLOCK_ROWS, CodeMemory, type CodeSpace, type Scratch } from "./codeMemory.js";
import type { Codes } from "./codes.js";
import { codeQuery } from "./query.js";
import type { RowRange } from "./rangeScan.js";
import type { CandidateScan, Nearest } from "./rerank.js";
import { checkK, nearestOf } from "./scan.js";
import { joinCandidates, type Candidates } from "./selection.js";
import type { FromThread, ThreadSetup, ToThread } from "./threadsProtocol.js";

export class ThreadedScanner implements CandidateScan {
  private readonly codes: CodeMemory<SharedWasmMemory>;
  private readonly seats: readonly Seat[];
  private deleted = 0;

  /** @param threads default: as many as the machine runs at once; end them with close() */
  constructor(
    readonly dim: number,
    { threads = availableParallelism() }: { readonly threads?: number } = {},
  ) {
    if (!Number.isSafeInteger(threads) || threads < 1) {
      throw new UsageError(`scan: ${threads} threads, expected a whole number from 1; leave it out for all`);
    }
    this.codes = CodeMemory.ofThreads(dim);
    this.seats = Array.from(
      { length: threads },
      () => new Seat(dim, this.codes.memory, this.codes.takeScratch()),
    );
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
   * Adds codes that the caller writes where they will stay: read from a file, say. They are found once it is done.
   * @param error as in Codes  @returns row of the first
   */
  async addInPlace(
    count: number,
    error: number,
    write: (space: CodeSpace) => void | Promise<void>,
  ): Promise<number> {
    const { space, finish } = this.codes.reserve(count);
    await write(space);
    return finish(error).firstRow;
  }

  /**
   * These rows are found no more, by searches that begin now; the others keep their places.
   * @throws UsageError for a row that is not there
   */
  delete(rows: Iterable<number>): void {
    this.deleted += this.codes.delete(rows);
  }

  /** The k nearest rows by the codes alone. @throws UsageError, as below, for a query of another length, as rejection */
  async search(query: Float32Array, k: number): Promise<Nearest> {
    return nearestOf(await this.select(query, k, false), k);
  }

  /** All rows that can be among the k nearest. */
  candidates(query: Float32Array, k: number): Promise<Candidates> {
    return this.select(query, k, true);
  }

  /** Ends the threads; searches that are under way are rejected. */
  async close(): Promise<void> {
    await Promise.all(this.seats.map((seat) => seat.close()));
  }

  private async select(query: Float32Array, k: number, bounded: boolean): Promise<Candidates> {
    const most = checkK(k, this.rows);
    const request = { query: codeQuery(query, this.dim), k: most, bounded, segments: this.codes.segments };
    const ranges = partsOf(this.rows, this.seats.length);
    const parts = await Promise.all(ranges.map((range, at) => this.seats[at]!.ask({ ...request, range })));
    return joinCandidates(parts, most);
  }
}

/** As many consecutive ranges as there are threads, or fewer: all of whole blocks. */
function partsOf(rows: number, threads: number): RowRange[] {
  const length = BLOCK_ROWS * Math.ceil(rows / BLOCK_ROWS / threads);
  const parts: RowRange[] = [];
  for (let first = 0; first < rows; first += length) {
    parts.push({ first, end: Math.min(rows, first + length) });
  }
  return parts;
}

interface Waiter {
  resolve(candidates: Candidates): void;
  reject(error: Error): void;
}

/** One thread. It answers in the order in which it is asked. */
class Seat {
  private readonly worker: Worker;
  private readonly waiters: Waiter[] = [];
  private failure: Error | null = null;

  constructor(dim: number, memory: SharedWasmMemory, scratch: Scratch) {
    const workerData: ThreadSetup = { dim, memory, scratch };
    this.worker = new Worker(new URL("./threadsWorker.js", import.meta.url), { workerData });
    this.worker.on("message", (message: FromThread) => {
      const waiter = this.waiters.shift()!;
      if (message.kind === "found") waiter.resolve(message.candidates);
      else waiter.reject(unpackError(message.error));
    });
    this.worker.on("error", (error: Error) => this.fail(error));
    this.worker.on("exit", () => this.fail(new UsageError("search: the scanner was closed; open another")));
  }

  ask(request: ToThread): Promise<Candidates> {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure);
      this.waiters.push({ resolve, reject });
      this.worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiters.splice(0)) reject(this.failure);
  }
}
