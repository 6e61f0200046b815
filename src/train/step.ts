/** @file One training step: one or more batches in, loss out; state and bank change. */

import { TrainingError } from "../errors.js";
import { floats, int64s, type FloatTensor, type HostTensor, type Session } from "../runtime/session.js";
import { allFinite } from "./finite.js";
import type { NoiseInputs } from "./noiseInputs.js";
import type { BatchKind, TrainState } from "./state.js";

/** Names that a message lists. */
const LISTED = 5;

export interface StepBatch {
  /** [B, 3, H, W] */
  readonly pixelValues: Float32Array<ArrayBuffer>;
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
  /** How steps of more than one batch run: session of accumulate_step.onnx, and N. */
  readonly accumulation?: { readonly session: Session; readonly count: number };
  /** What went wrong, and what to do: the rest of the message (src/train/diagnose.ts). */
  readonly diagnose?: (failure: StepFailure) => Promise<string>;
}

export class TrainStep {
  readonly #session: Session;
  readonly #state: TrainState;
  readonly #bank: FloatTensor;
  readonly #pictureShape: readonly number[];
  readonly #noise: NoiseInputs | null;
  readonly #options: StepOptions;
  readonly #rows;
  readonly #rate = floats([]);
  readonly #loss = floats([]);
  readonly #bankRows: FloatTensor;
  /** Of the batches of the step so far. */
  #losses: number[] = [];

  /**
   * @param session of train_step.onnx
   * @param bank [instances, D], written in place
   * @param pictureShape [B, 3, H, W]
   * @param noise null: the objective draws none
   */
  constructor(
    session: Session,
    state: TrainState,
    bank: FloatTensor,
    pictureShape: readonly number[],
    noise: NoiseInputs | null = null,
    options: StepOptions = {},
  ) {
    this.#session = session;
    this.#state = state;
    this.#bank = bank;
    this.#pictureShape = pictureShape;
    this.#noise = noise;
    this.#options = options;
    this.#rows = int64s([pictureShape[0]!]);
    this.#bankRows = floats([pictureShape[0]!, bank.shape[1]!]);
  }

  /**
   * One of the first N - 1 batches of a step. Bank, statistics and Z move; parameters wait for the last batch.
   * @param learningRate of the step, for messages
   * @throws TrainingError as below
   */
  async accumulate(batch: StepBatch, learningRate: number, where: string): Promise<void> {
    this.#expect(this.#losses.length < this.#count - 1, where);
    if (this.#losses.length === 0) this.#state.clearAccumulators();
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
    return this.#options.accumulation?.count ?? 1;
  }

  /** A step of another number of batches would divide its gradient by the wrong N. */
  #expect(holds: boolean, where: string): void {
    if (holds) return;
    throw new RangeError(`${where}: ${this.#losses.length} batches accumulated, a step takes ${this.#count}`);
  }

  async #take(kind: BatchKind, batch: StepBatch, learningRate: number, where: string): Promise<void> {
    const session = kind === "trainStep" ? this.#session : this.#options.accumulation!.session;
    const into = new Map<string, HostTensor>([
      ["loss", this.#loss],
      ["bank_rows", this.#bankRows],
    ]);
    const feeds = this.#feeds(kind, batch, learningRate);
    this.#state.bind(feeds, into, kind);
    this.#noise?.bind(feeds, into, batch.rows, batch.step);
    await session.run(feeds, into);
    const fault = this.#fault(kind);
    if (fault !== null) {
      const { diagnose = (failure) => this.#plainly(failure) } = this.#options;
      throw new TrainingError(`${where}: ${fault}; ${await diagnose({ kind, feeds, learningRate })}`);
    }
    this.#state.advance(kind);
    this.#noise?.advance();
    this.#writeRows(batch.rows);
    this.#losses.push(this.#loss.data[0]!);
  }

  #feeds(kind: BatchKind, batch: StepBatch, learningRate: number): Map<string, HostTensor> {
    batch.rows.forEach((row, at) => (this.#rows.data[at] = BigInt(row)));
    this.#rate.data[0] = learningRate;
    const feeds = new Map<string, HostTensor>([
      ["pixel_values", floats(this.#pictureShape, batch.pixelValues)],
      ["rows", this.#rows],
      ...(batch.inputs ?? []),
    ]);
    if (kind === "trainStep") feeds.set("learning_rate", this.#rate);
    if (this.#session.inputs.includes("bank")) feeds.set("bank", this.#bank);
    return feeds;
  }

  /** What of the results is not finite; null: all of them are. */
  #fault(kind: BatchKind): string | null {
    const loss = this.#loss.data[0]!;
    if (!Number.isFinite(loss)) return `the loss is ${loss}, expected a finite number`;
    const broken = [
      ...(allFinite(this.#bankRows.data) ? [] : ["bank_rows"]),
      ...(this.#noise === null || Number.isFinite(this.#noise.estimate) ? [] : ["log_normalizer_estimate"]),
      ...this.#state.notFiniteResults(kind),
    ];
    if (broken.length === 0) return null;
    return `the loss is ${loss.toPrecision(4)}, but ${listed(broken)} would not be finite`;
  }

  #writeRows(rows: Int32Array): void {
    const dim = this.#bank.shape[1]!;
    rows.forEach((row, at) =>
      this.#bank.data.set(this.#bankRows.data.subarray(at * dim, (at + 1) * dim), row * dim),
    );
  }

  #plainly({ learningRate }: StepFailure): Promise<string> {
    const broken = this.#state.notFinite();
    const found = broken.length > 0 ? `not finite: ${listed(broken)}; ` : "";
    return Promise.resolve(
      `${found}the learning rate was ${learningRate.toPrecision(3)}: lower it, or lengthen the warm-up`,
    );
  }
}

function listed(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return `${names.slice(0, LISTED).join(", ")}${more}`;
}
