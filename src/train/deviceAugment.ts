/**
 * @file Batches of pictures that lie where the provider computes, augmented there: only the numbers of the drawn views
 * cross. What a batch holds is that of the loader for the same options (src/data/loader.ts): the same rows, the same
 * views, the same pictures in the place of broken ones; pixels are the same within the rounding that
 * graphs/augmentation.ts tells of.
 */

import { augmentationGraph } from "../../graphs/index.js";
import { encodeModel } from "../codec/encode.js";
import { viewOf, type AugmentOptions } from "../data/augment.js";
import type { Batch } from "../data/loader.js";
import { drawReplacement, noneReadable } from "../data/replacement.js";
import { createShuffledSampler, type Sampler } from "../data/sampler.js";
import { checkTransform, type TransformOptions } from "../data/transform.js";
import { lower } from "../lower/lower.js";
import type { Target } from "../lower/target.js";
import type { AnyTensor, Device, DeviceSession, DeviceTensor } from "../runtime/device.js";
import { int64s } from "../runtime/session.js";
import { VERSION } from "../version.js";
import type { ResidentPictures } from "./residentPictures.js";
import { partsOf, ViewNumbers } from "./viewNumbers.js";

/** As messages call the model. */
const MODEL = "augmentation.onnx";

/** As a loader's, but for where the pictures are. */
export type DeviceBatch = Omit<Batch, "pixelValues"> & {
  /** [batchSize, 3, imageSize, imageSize] float32; the same tensor for every batch, so it holds until the next one. */
  readonly pixelValues: DeviceTensor;
};

type DrawnBatch = Pick<Batch, "step" | "epoch" | "rows" | "broken">;

export interface DeviceLoaderOptions extends Omit<TransformOptions, "transform"> {
  readonly augment: AugmentOptions;
  readonly batchSize: number; // pictures
  /** Of the device's provider. */
  readonly target: Target;
  /** As those of the loader. */
  readonly firstStep?: number;
  readonly steps?: number;
  readonly accumulation?: number;
}

export class DeviceLoader {
  readonly stepsPerEpoch: number; // batches
  readonly #device: Device;
  readonly #session: DeviceSession;
  readonly #pictures: ResidentPictures;
  readonly #options: DeviceLoaderOptions;
  readonly #sampler: Sampler;
  readonly #numbers: ViewNumbers;
  readonly #rows;
  readonly #feeds: ReadonlyMap<string, AnyTensor>;
  readonly #pixelValues: DeviceTensor;
  #step: number;
  readonly #endStep: number;
  /** The batch that #step says, drawn ahead; null: not yet. */
  #drawn: Promise<DrawnBatch> | null = null;
  #waitedMs = 0;
  #open = true;

  private constructor(
    device: Device,
    session: DeviceSession,
    pictures: ResidentPictures,
    options: DeviceLoaderOptions,
    pixelValues: DeviceTensor,
  ) {
    const {
      batchSize,
      seed,
      accumulation = 1,
      firstStep = 0,
      steps = Infinity,
      augment,
      imageSize,
    } = options;
    const { channels, isGray } = pictures;
    this.#device = device;
    this.#session = session;
    this.#pictures = pictures;
    this.#options = options;
    this.#sampler = createShuffledSampler(isGray.length, batchSize, seed, accumulation);
    this.stepsPerEpoch = this.#sampler.stepsPerEpoch;
    const parts = partsOf(augment, channels, imageSize);
    this.#numbers = new ViewNumbers(batchSize, augment, parts, channels);
    this.#rows = int64s([batchSize]);
    this.#feeds = new Map<string, AnyTensor>([
      ["pictures", pictures.pixels],
      ["rows", this.#rows],
      ...this.#numbers.tensors,
    ]);
    this.#pixelValues = pixelValues;
    this.#step = firstStep;
    this.#endStep = firstStep + steps;
  }

  /**
   * @param pictures of this device; close() leaves them there
   * @throws UsageError if an option is out of range or the pictures do not fill one batch; LoweringError or ProviderError
   *   if the provider cannot run the graph
   */
  static async open(
    device: Device,
    pictures: ResidentPictures,
    options: DeviceLoaderOptions,
  ): Promise<DeviceLoader> {
    const { augment, batchSize, imageSize, mean, std, seed, target } = options;
    checkTransform({ transform: { kind: "augment", options: augment }, imageSize, mean, std, seed });
    createShuffledSampler(pictures.isGray.length, batchSize, seed, options.accumulation);
    const { channels, height, width } = pictures;
    const graph = augmentationGraph({
      ...{ batchSize, channels, height, width, imageSize, mean, std },
      ...partsOf(augment, channels, imageSize),
    });
    const model = encodeModel(lower(graph, target), { producerVersion: VERSION });
    const session = await device.openSession(model, MODEL);
    const pixelValues = await device.allocate("float32", [batchSize, 3, imageSize, imageSize]);
    return new DeviceLoader(device, session, pictures, options, pixelValues);
  }

  /** Seconds that next() has kept its callers waiting, from the start. */
  get waitedSeconds(): number {
    return this.#waitedMs / 1000;
  }

  /**
   * The next batch, null after the last or after close(). What the batch before holds is gone.
   * @throws DataError when no picture of the batch can be replaced by one that can be read; ProviderError
   */
  async next(): Promise<DeviceBatch | null> {
    if (!this.#open || this.#step >= this.#endStep) return null;
    const began = performance.now();
    const drawn = await (this.#drawn ??= this.#draw(this.#step));
    await this.#session.run(this.#feeds, new Map([["pixel_values", this.#pixelValues]]));
    this.#step++;
    this.#drawn = null;
    // While the device is busy with the step.
    setTimeout(() => this.#drawAhead(), 0);
    this.#waitedMs += performance.now() - began;
    return { ...drawn, count: drawn.rows.length, pixelValues: this.#pixelValues };
  }

  /** As a loader's; there is nothing to give back. */
  recycle(_batch: DeviceBatch): void {
    return;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#session.close();
    this.#device.release(this.#pixelValues);
  }

  /** Rows with others in the place of those that cannot be read. */
  async #readable(asked: Int32Array<ArrayBuffer>, epoch: number): Promise<Pick<Batch, "rows" | "broken">> {
    const { broken: faults, name, isGray } = this.#pictures;
    const rows = asked.slice();
    const broken = [...asked].flatMap((row) => faults.get(row) ?? []);
    for (const [place, row] of asked.entries()) {
      if (!faults.has(row)) continue;
      const of = { seed: this.#options.seed, epoch, row, rowCount: isGray.length };
      const standIn = await drawReplacement(of, rows, (candidate) => !faults.has(candidate));
      if (standIn === null) throw noneReadable(name, isGray.length, broken[0]!.reason);
      rows[place] = standIn;
    }
    return { rows, broken };
  }

  #drawAhead(): void {
    if (!this.#open || this.#step >= this.#endStep) return;
    this.#drawn ??= this.#draw(this.#step);
    this.#drawn.catch(() => undefined); // next() awaits it again and reports the error
  }

  /** Writes the feeds of a batch. */
  async #draw(step: number): Promise<DrawnBatch> {
    const epoch = this.#sampler.epochOf(step);
    const { rows, broken } = await this.#readable(this.#sampler.batchRows(step), epoch);
    const { augment, seed } = this.#options;
    const { width, height, isGray } = this.#pictures;
    rows.forEach((row, place) => {
      const view = viewOf(augment, { seed, epoch, row, width, height });
      this.#numbers.set(place, view, isGray[row] === 1);
      this.#rows.data[place] = BigInt(row);
    });
    return { step, epoch, rows, broken };
  }
}
