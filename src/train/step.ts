/** @file One training step: batch in, loss out; state and bank change. */

import { TrainingError } from "../errors.js";
import { floats, int64s, type FloatTensor, type HostTensor, type Session } from "../runtime/session.js";
import type { NoiseInputs } from "./noiseInputs.js";
import type { TrainState } from "./state.js";

export interface StepBatch {
  /** [B, 3, H, W] */
  readonly pixelValues: Float32Array<ArrayBuffer>;
  /** [B], the pictures' rows in the bank */
  readonly rows: Int32Array;
  /** What else this step's graph asks for, such as dropout noise. */
  readonly inputs?: ReadonlyMap<string, HostTensor>;
  /** Which step takes it, from 0. */
  readonly step: number;
}

export class TrainStep {
  readonly #session: Session;
  readonly #state: TrainState;
  readonly #bank: FloatTensor;
  readonly #pictureShape: readonly number[];
  readonly #noise: NoiseInputs | null;
  readonly #rows;
  readonly #rate = floats([]);
  readonly #loss = floats([]);
  readonly #bankRows: FloatTensor;

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
  ) {
    this.#session = session;
    this.#state = state;
    this.#bank = bank;
    this.#pictureShape = pictureShape;
    this.#noise = noise;
    this.#rows = int64s([pictureShape[0]!]);
    this.#bankRows = floats([pictureShape[0]!, bank.shape[1]!]);
  }

  /**
   * @returns the loss, nats
   * @throws TrainingError when the loss is not a number; state and bank are then as before the step
   */
  async run(
    { pixelValues, rows, inputs, step }: StepBatch,
    learningRate: number,
    where: string,
  ): Promise<number> {
    rows.forEach((row, at) => (this.#rows.data[at] = BigInt(row)));
    this.#rate.data[0] = learningRate;
    const feeds = new Map<string, HostTensor>([
      ["pixel_values", floats(this.#pictureShape, pixelValues)],
      ["rows", this.#rows],
      ["learning_rate", this.#rate],
      ...(inputs ?? []),
    ]);
    if (this.#session.inputs.includes("bank")) feeds.set("bank", this.#bank);
    const into = new Map<string, HostTensor>([
      ["loss", this.#loss],
      ["bank_rows", this.#bankRows],
    ]);
    this.#state.bind(feeds, into);
    this.#noise?.bind(feeds, into, rows, step);
    await this.#session.run(feeds, into);
    const loss = this.#loss.data[0]!;
    if (!Number.isFinite(loss)) throw this.#diverged(loss, learningRate, where);
    this.#state.advance();
    this.#noise?.advance();
    this.#writeRows(rows);
    return loss;
  }

  #writeRows(rows: Int32Array): void {
    const dim = this.#bank.shape[1]!;
    rows.forEach((row, at) =>
      this.#bank.data.set(this.#bankRows.data.subarray(at * dim, (at + 1) * dim), row * dim),
    );
  }

  #diverged(loss: number, learningRate: number, where: string): TrainingError {
    const broken = this.#state.notFinite();
    const found = broken.length > 0 ? `; not finite: ${broken.slice(0, 5).join(", ")}` : "";
    return new TrainingError(
      `${where}: the loss is ${loss}, expected a finite number${found}; the learning rate was ${learningRate.toPrecision(3)}: ` +
        "lower it, or lengthen the warm-up",
    );
  }
}
