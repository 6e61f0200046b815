/** @file Batches of network input, made in this thread: one ahead, so that a GPU does not wait for it. */

import { BatchMaker } from "../../../data/batchMaker.js";
import type { Dataset } from "../../../data/dataset.js";
import type { Batch } from "../../../data/loader.js";
import { createSequentialSampler, createShuffledSampler, type Sampler } from "../../../data/sampler.js";
import type { TransformKind } from "../../../data/transform.js";
import type { Batches } from "../../../train/forwardBank.js";
import type { SettledRun } from "./settle.js";
import { letMessagesIn } from "./turns.js";

export class TabBatches implements Batches {
  readonly #maker: BatchMaker;
  readonly #sampler: Sampler;
  readonly #batchSize: number;
  readonly #batchLength: number; // floats
  readonly #endStep: number;
  readonly #spare: Float32Array<ArrayBuffer>[] = [];
  #step: number;
  #ahead: Promise<Batch> | null = null;

  /**
   * What a loader of Node makes of the same pictures.
   * @param part steps from the first on; missing: all that `transform` has
   */
  constructor(
    dataset: Dataset,
    { recipe, preprocessing, settings }: SettledRun,
    transform: TransformKind,
    { firstStep = 0, steps }: { readonly firstStep?: number; readonly steps?: number } = {},
  ) {
    const { batchSize, imageSize } = recipe;
    const { mean, std } = preprocessing;
    const { seed } = settings;
    this.#maker = new BatchMaker({
      dataset,
      read: (row) => dataset.picture(row),
      transform: { transform, imageSize, mean, std, seed },
      strict: false,
    });
    this.#sampler =
      transform.kind === "augment"
        ? createShuffledSampler(dataset.size, batchSize, seed)
        : createSequentialSampler(dataset.size, batchSize);
    this.#batchSize = batchSize;
    this.#batchLength = batchSize * 3 * imageSize * imageSize;
    this.#step = firstStep;
    this.#endStep = firstStep + (steps ?? this.#sampler.stepsPerEpoch);
  }

  /** Lets messages in first: nothing else between two batches waits for more than promises. */
  async next(): Promise<Batch | null> {
    await letMessagesIn();
    const made = this.#ahead ?? this.#begin();
    if (made === null) return null;
    this.#ahead = null;
    const batch = await made;
    this.#ahead = this.#begin();
    // Its failure is told when it is asked for.
    this.#ahead?.catch(() => undefined);
    return batch;
  }

  recycle({ pixelValues }: Batch): void {
    if (!this.#spare.includes(pixelValues)) this.#spare.push(pixelValues);
  }

  #begin(): Promise<Batch> | null {
    return this.#step < this.#endStep ? this.#make(this.#step++) : null;
  }

  async #make(step: number): Promise<Batch> {
    const epoch = this.#sampler.epochOf(step);
    const pixelValues = this.#spare.pop() ?? new Float32Array(this.#batchLength);
    const wanted = this.#sampler.batchRows(step);
    const made = await this.#maker.fill(
      { kind: "make", step, epoch, rows: wanted, pixelValues },
      () => false,
    );
    const rows = new Int32Array(this.#batchSize);
    rows.set(made.rows);
    return { step, epoch, pixelValues, rows, broken: made.broken, count: made.rows.length };
  }
}
