/**
 * @file Batches of network input, made ahead of time by worker threads.
 *
 * Which worker makes a batch is chance; what is in it is not: rows come from the sampler, every random draw
 * from the seed, epoch and row. Batches are delivered in the order of their steps, so one worker or eight
 * give the same bits. Buffers travel by transfer and come back through recycle().
 */

import { DataError, UsageError } from "../errors.js";
import type { DataSource } from "./dataset.js";
import type { BrokenPicture, MadeBatch, WorkerSetup } from "./loaderProtocol.js";
import { LoaderPool } from "./loaderPool.js";
import type { LoaderThread } from "./loaderThread.js";
import { createPictureStore, type PictureStore } from "./pictureCache.js";
import { createSequentialSampler, createShuffledSampler } from "./sampler.js";
import type { Sampler } from "./sampler.js";
import { checkTransform } from "./transform.js";
import type { TransformOptions } from "./transform.js";

export interface LoaderOptions extends TransformOptions {
  readonly source: DataSource;
  readonly batchSize: number; // pictures
  /** Threads that decode and transform; default 2. The batches are the same for any number. */
  readonly workers?: number;
  /** Lends the threads and has them back after close(), and may keep pictures; default: a pool of the loader's own. */
  readonly pool?: LoaderPool;
  /** Global number of the first batch; default 0. Here and below a step is one batch, see accumulation. */
  readonly firstStep?: number;
  /** How many batches; default: no end for "augment", the rest of the one pass for "evaluate". */
  readonly steps?: number;
  /** Batches that make one optimizer step: an epoch ends only after a multiple of them. Default 1. */
  readonly accumulation?: number;
  /** true: a picture that cannot be read is an error; default: another takes its place, see Batch.broken. */
  readonly strict?: boolean;
  /**
   * Memory for decoded pictures of this loader alone; default: what the pool keeps, else 512 MiB to learn from, and 0,
   * which keeps none, to evaluate.
   */
  readonly cacheBytes?: number;
}

export type { BrokenPicture };

export interface Batch {
  readonly step: number; // global
  readonly epoch: number; // from 0
  readonly pixelValues: Float32Array<ArrayBuffer>; // [batchSize, 3, imageSize, imageSize], zero from count on
  /** [batchSize] row of each picture, 0 from count on; "augment": of the picture that took a broken one's place. */
  readonly rows: Int32Array<ArrayBuffer>;
  /** What could not be read, by place in the batch. "evaluate": the picture is all zero, and its row stays. */
  readonly broken: readonly BrokenPicture[];
  /** Pictures in the batch: batchSize but for the last one of an evaluation. */
  readonly count: number;
}

export interface Loader {
  readonly stepsPerEpoch: number; // batches
  /** Seconds that next() has kept its callers waiting, from the start: what starves the step. */
  readonly waitedSeconds: number;
  /**
   * The next batch, null after the last or after close().
   * @throws DataError or what else went wrong (as a rejection), at the step it concerns and ever after; also when
   *   not one picture can be read: while drawing replacements, or at the end of an evaluation
   */
  next(): Promise<Batch | null>;
  /** Gives a batch's pixel buffer back for another batch; the caller must not touch it again. */
  recycle(batch: Batch): void;
  /**
   * Ends all threads, or gives those that were lent back; resolves when that is done. Always call it: an open loader
   * keeps the process alive.
   */
  close(): Promise<void>;
}

const DEFAULT_WORKERS = 2;
export const DEFAULT_CACHE_BYTES = 512 * 2 ** 20;
/** Batches under way or waiting, per worker: one to make while the other is being used. */
const AHEAD_PER_WORKER = 2;

interface Waiter {
  resolve(batch: Batch | null): void;
  reject(error: Error): void;
}

class OrderedLoader implements Loader {
  readonly stepsPerEpoch: number;
  private readonly pool: LoaderPool;
  private readonly seats: readonly LoaderThread[];
  private readonly batchLength: number; // floats
  private readonly waiters: Waiter[] = [];
  private readonly finished = new Map<number, MadeBatch | Error>(); // by step
  private readonly spare: Float32Array<ArrayBuffer>[] = [];
  private failure: Error | null = null;
  private closing: Promise<void> | null = null;
  private stepToAsk: number;
  private stepToDeliver: number;
  private delivered = 0; // pictures that could be read
  private lastFault: BrokenPicture | null = null;
  private waitingSince: number | null = null; // ms
  private waitedMs = 0;

  constructor(
    private readonly options: LoaderOptions,
    private readonly sampler: Sampler,
    firstStep: number,
    private readonly endStep: number, // exclusive
  ) {
    const { source, transform, imageSize, mean, std, seed, batchSize } = options;
    this.stepsPerEpoch = sampler.stepsPerEpoch;
    this.batchLength = batchSize * 3 * imageSize * imageSize;
    this.stepToAsk = firstStep;
    this.stepToDeliver = firstStep;
    this.pool = options.pool ?? new LoaderPool();
    const setup: WorkerSetup = {
      source,
      transform: { transform, imageSize, mean, std, seed },
      strict: options.strict ?? false,
      store: this.storeOf(options),
    };
    this.seats = this.pool.take(options.workers ?? DEFAULT_WORKERS, setup, {
      finished: (step, made) => this.finish(step, made),
      died: (error) => this.fail(error),
    });
    this.ask();
  }

  get waitedSeconds(): number {
    const now = this.waitingSince === null ? 0 : performance.now() - this.waitingSince;
    return (this.waitedMs + now) / 1000;
  }

  next(): Promise<Batch | null> {
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.waitingSince ??= performance.now();
      this.deliver();
    });
  }

  recycle({ pixelValues }: Batch): void {
    // A buffer that has been transferred elsewhere has no length any more and is of no use here.
    const usable = pixelValues.length === this.batchLength && !this.spare.includes(pixelValues);
    if (usable && this.spare.length < AHEAD_PER_WORKER * this.seats.length) this.spare.push(pixelValues);
  }

  close(): Promise<void> {
    this.closing ??= this.stopAll();
    this.deliver();
    return this.closing;
  }

  private storeOf({ source, transform, cacheBytes }: LoaderOptions): PictureStore | null {
    const kept = cacheBytes === undefined ? this.pool.storeOf(source) : null;
    const bytes = cacheBytes ?? (transform.kind === "augment" ? DEFAULT_CACHE_BYTES : 0);
    return kept ?? (bytes === 0 ? null : createPictureStore(source.rowCount, bytes));
  }

  private finish(step: number, made: MadeBatch | Error): void {
    this.finished.set(step, made);
    this.deliver();
  }

  /** Keeps every worker busy, but never further ahead than the window. */
  private ask(): void {
    const window = AHEAD_PER_WORKER * this.seats.length;
    while (this.stepToAsk < this.endStep && this.stepToAsk - this.stepToDeliver < window) {
      const step = this.stepToAsk++;
      const idlest = this.seats.reduce((best, seat) => (seat.pending < best.pending ? seat : best));
      const pixelValues = this.spare.pop() ?? new Float32Array(this.batchLength);
      const rows = this.sampler.batchRows(step);
      idlest.make({ kind: "make", step, epoch: this.sampler.epochOf(step), rows, pixelValues });
    }
  }

  private deliver(): void {
    this.settle();
    if (this.waiters.length > 0 || this.waitingSince === null) return;
    this.waitedMs += performance.now() - this.waitingSince;
    this.waitingSince = null;
  }

  /** Settles as many waiting next() calls as can be settled now. */
  private settle(): void {
    for (let waiter = this.waiters[0]; waiter !== undefined; waiter = this.waiters[0]) {
      if (this.closing !== null || (this.failure === null && this.stepToDeliver >= this.endStep)) {
        waiter.resolve(null);
      } else if (this.failure !== null) {
        waiter.reject(this.failure);
      } else {
        const made = this.finished.get(this.stepToDeliver);
        if (made === undefined) return;
        if (made instanceof Error) {
          this.failure = made;
          continue;
        }
        waiter.resolve(this.takeBatch(made));
      }
      this.waiters.shift();
    }
  }

  private takeBatch(made: MadeBatch): Batch {
    const { step, pixelValues, broken } = made;
    this.stepToDeliver++;
    this.finished.delete(step);
    this.ask();
    const count = made.rows.length;
    const rows = new Int32Array(this.options.batchSize);
    rows.set(made.rows);
    this.delivered += this.options.transform.kind === "evaluate" ? count - broken.length : count;
    this.lastFault = broken[0] ?? this.lastFault;
    if (this.stepToDeliver === this.endStep) this.failure ??= this.faultOfAll();
    return { step, epoch: this.sampler.epochOf(step), pixelValues, rows, broken, count };
  }

  /** @returns what to say after the last batch if none of the pictures could be read */
  private faultOfAll(): DataError | null {
    if (this.delivered > 0 || this.lastFault === null) return null;
    return new DataError(
      `${this.options.source.name}: found no picture that can be read, expected at least one; ` +
        `one of the faults: ${this.lastFault.reason}`,
    );
  }

  /** What no single step is to blame for ends the loader at once. */
  private fail(error: Error): void {
    this.failure ??= error;
    this.deliver();
  }

  private async stopAll(): Promise<void> {
    await this.pool.giveBack(this.seats);
    if (this.options.pool === undefined) await this.pool.close();
    this.finished.clear();
    this.spare.length = 0;
  }
}

function checkWhole(name: string, found: number, least: number): void {
  if (Number.isInteger(found) && found >= least) return;
  throw new UsageError(
    `loader ${name}: found ${found}, expected a whole number, ${least} or more; correct it`,
  );
}

/**
 * Starts the worker threads and begins to make batches.
 * @throws UsageError if an option is out of range, or the pictures do not fill one batch to learn from
 */
export function createLoader(options: LoaderOptions): Loader {
  const { source, batchSize, transform, seed, firstStep = 0, workers = DEFAULT_WORKERS } = options;
  const { accumulation = 1 } = options;
  checkTransform(options);
  checkWhole("workers", workers, 1);
  checkWhole("firstStep", firstStep, 0);
  checkWhole("steps", options.steps ?? 0, 0);
  checkWhole("cacheBytes", options.cacheBytes ?? 0, 0);
  const asked = firstStep + (options.steps ?? Infinity);
  if (transform.kind === "augment") {
    const sampler = createShuffledSampler(source.rowCount, batchSize, seed, accumulation);
    return new OrderedLoader(options, sampler, firstStep, asked);
  }
  const sampler = createSequentialSampler(source.rowCount, batchSize);
  return new OrderedLoader(options, sampler, firstStep, Math.min(asked, sampler.stepsPerEpoch));
}
