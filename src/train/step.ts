/** @file One training step: one or more batches in, loss out; state and bank change, wherever they are. */

import { TrainingError } from "../errors.js";
import type { AnyTensor, DeviceTensor } from "../runtime/device.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../runtime/session.js";
import type { BatchKind } from "./copies.js";
import type { NoiseInputs } from "./noiseInputs.js";
import { notFiniteOf } from "./state.js";
import type { BatchRun, StepMemory } from "./stepMemory.js";

/** Names that a message lists. */
const LISTED = 5;

export interface StepBatch {
  /** [B, 3, H, W]; on a device only where the step's memory is there. */
  readonly pixelValues: Float32Array<ArrayBuffer> | DeviceTensor;
  /** [B], the pictures' rows in the bank */
  readonly rows: Int32Array;
  /** What else this batch's graph asks for, such as dropout noise. */
  readonly inputs?: ReadonlyMap<string, HostTensor>;
  /** Number of the batch in the run, from 0: step · N + its place in the step, and with it its place in the noise. */
  readonly step: number;
}

/** A batch whose results are not finite. State and bank are still as it found them. */
export interface StepFailure {
  readonly kind: BatchKind;
  readonly feeds: ReadonlyMap<string, HostTensor>;
  readonly learningRate: number;
}

export interface StepOptions {
  /** N: batches of a step; default 1. */
  readonly accumulation?: number;
  /** What went wrong, and what to do: the rest of the message (src/train/diagnose.ts). */
  readonly diagnose?: (failure: StepFailure) => Promise<string>;
}

export class TrainStep {
  readonly #memory: StepMemory;
  readonly #pictureShape: readonly number[];
  readonly #noise: NoiseInputs | null;
  readonly #options: StepOptions;
  readonly #rows;
  readonly #rate = floats([]);
  readonly #loss = floats([]);
  /** Of the batches of the step so far. */
  #losses: number[] = [];

  /**
   * @param pictureShape [B, 3, H, W]
   * @param noise null: the objective draws none
   */
  constructor(
    memory: StepMemory,
    pictureShape: readonly number[],
    noise: NoiseInputs | null = null,
    options: StepOptions = {},
  ) {
    this.#memory = memory;
    this.#pictureShape = pictureShape;
    this.#noise = noise;
    this.#options = options;
    this.#rows = int64s([pictureShape[0]!]);
  }

  /**
   * One of the first N - 1 batches of a step. Bank, statistics and Z move; parameters wait for the last batch.
   * @param learningRate of the step, for messages
   * @throws TrainingError as below
   */
  async accumulate(batch: StepBatch, learningRate: number, where: string): Promise<void> {
    this.#expect(this.#losses.length < this.#count - 1, where);
    if (this.#losses.length === 0) this.#memory.clearAccumulators();
    await this.#take("accumulateStep", batch, learningRate, where);
  }

  /**
   * The last batch of a step, the only one where N is 1.
   * @returns the loss, nats: mean over the step's batches
   * @throws TrainingError when the loss, or anything that would be kept, is not finite; state and bank are then as
   *   before the batch, all finite
   */
  async run(batch: StepBatch, learningRate: number, where: string): Promise<number> {
    this.#expect(this.#losses.length === this.#count - 1, where);
    await this.#take("trainStep", batch, learningRate, where);
    const mean = this.#losses.reduce((sum, loss) => sum + loss, 0) / this.#count;
    this.#losses = [];
    return mean;
  }

  get #count(): number {
    return this.#options.accumulation ?? 1;
  }

  /** A step of another number of batches would divide its gradient by the wrong N. */
  #expect(holds: boolean, where: string): void {
    if (holds) return;
    throw new RangeError(`${where}: ${this.#losses.length} batches accumulated, a step takes ${this.#count}`);
  }

  async #take(kind: BatchKind, given: StepBatch, learningRate: number, where: string): Promise<void> {
    const batch = this.#batchRun(kind, given, learningRate);
    await this.#memory.run(batch);
    const fault = await this.#fault(batch);
    if (fault !== null) {
      const { diagnose = plainly } = this.#options;
      const failure = { kind, feeds: await this.#memory.hostFeeds(batch), learningRate };
      throw new TrainingError(`${where}: ${fault}; ${await diagnose(failure)}`);
    }
    await this.#memory.keep(batch);
    this.#noise?.advance();
    this.#losses.push(this.#loss.data[0]!);
  }

  #batchRun(kind: BatchKind, given: StepBatch, learningRate: number): BatchRun {
    given.rows.forEach((row, at) => (this.#rows.data[at] = BigInt(row)));
    this.#rate.data[0] = learningRate;
    const { pixelValues } = given;
    const feeds = new Map<string, AnyTensor>([
      ["pixel_values", "handle" in pixelValues ? pixelValues : floats(this.#pictureShape, pixelValues)],
      ["rows", this.#rows],
      ...(given.inputs ?? []),
    ]);
    if (kind === "trainStep") feeds.set("learning_rate", this.#rate);
    const into = new Map<string, HostTensor>([["loss", this.#loss]]);
    this.#noise?.bind(feeds, into, given.rows, given.step);
    return { kind, feeds, into };
  }

  /** What of the results is not finite; null: all of them are. */
  async #fault(batch: BatchRun): Promise<string | null> {
    const loss = this.#loss.data[0]!;
    if (!Number.isFinite(loss)) return `the loss is ${loss}, expected a finite number`;
    const broken = [
      ...(this.#noise === null || Number.isFinite(this.#noise.estimate) ? [] : ["log_normalizer_estimate"]),
      ...(await this.#memory.notFiniteResults(batch)),
    ];
    if (broken.length === 0) return null;
    return `the loss is ${loss.toPrecision(4)}, but ${listed(broken)} would not be finite`;
  }
}

function plainly({ feeds, learningRate }: StepFailure): Promise<string> {
  const numbers = [...feeds].filter((entry): entry is [string, FloatTensor] => entry[1].dtype === "float32");
  const broken = notFiniteOf(new Map(numbers));
  const found = broken.length > 0 ? `not finite: ${listed(broken)}; ` : "";
  return Promise.resolve(
    `${found}the learning rate was ${learningRate.toPrecision(3)}: lower it, or lengthen the warm-up`,
  );
}

function listed(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return `${names.slice(0, LISTED).join(", ")}${more}`;
}
