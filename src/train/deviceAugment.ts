/**
 * @file Batches of pictures that lie where the provider computes, augmented there: only the numbers of the drawn views
 * cross. What a batch holds is that of the loader for the same options (src/data/loader.ts): the same rows, the same
 * views, the same pictures in the place of broken ones; pixels are the same within the rounding that
 * graphs/augmentation.ts tells of.
 */

import { augmentationGraph } from "../../graphs/index.js";
import { encodeModel } from "../codec/encode.js";
import type { AugmentOptions } from "../data/augment.js";
import type { Batch } from "../data/loader.js";
import { createShuffledSampler } from "../data/sampler.js";
import { checkTransform, type TransformOptions } from "../data/transform.js";
import { lower } from "../lower/lower.js";
import type { Target } from "../lower/target.js";
import type { Device, DeviceSession, DeviceTensor } from "../runtime/device.js";
import { VERSION } from "../version.js";
import type { ResidentPictures } from "./residentPictures.js";
import { ViewBatches, type DrawnBatch } from "./viewBatches.js";
import { partsOf, ViewNumbers } from "./viewNumbers.js";

/** As messages call the model. */
const MODEL = "augmentation.onnx";

/** As a loader's, but for where the pictures are. */
export type DeviceBatch = Omit<Batch, "pixelValues"> & {
  /** [batchSize, 3, imageSize, imageSize] float32; the same tensor for every batch, so it holds until the next one. */
  readonly pixelValues: DeviceTensor;
};

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

/** What a loader is made of. */
interface Parts {
  readonly device: Device;
  readonly session: DeviceSession;
  readonly batches: ViewBatches;
  readonly pixelValues: DeviceTensor;
}

export class DeviceLoader {
  readonly stepsPerEpoch: number; // batches
  readonly #parts: Parts;
  #step: number;
  readonly #endStep: number; // exclusive
  /** The batch of #step, where it is drawn already. */
  #drawn: Promise<DrawnBatch> | null = null;
  #waitedMs = 0;
  #open = true;

  private constructor(
    parts: Parts,
    stepsPerEpoch: number,
    { firstStep = 0, steps = Infinity }: DeviceLoaderOptions,
  ) {
    this.#parts = parts;
    this.stepsPerEpoch = stepsPerEpoch;
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
    const { augment, batchSize, imageSize, mean, std, seed, target, accumulation } = options;
    const { channels, height, width, isGray } = pictures;
    checkTransform({ transform: { kind: "augment", options: augment }, imageSize, mean, std, seed });
    const sampler = createShuffledSampler(isGray.length, batchSize, seed, accumulation);
    const parts = partsOf(augment, channels, imageSize);
    const shape = { batchSize, channels, height, width, imageSize };
    const graph = augmentationGraph({ ...shape, ...parts, mean, std });
    const model = encodeModel(lower(graph, target), { producerVersion: VERSION });
    const session = await device.openSession(model, MODEL, { isRepeated: true });
    const pixelValues = await device.allocate("float32", [batchSize, 3, imageSize, imageSize]);
    const numbers = new ViewNumbers(batchSize, augment, parts, channels);
    const batches = new ViewBatches({ augment, seed, pictures, sampler, numbers, batchSize });
    return new DeviceLoader({ device, session, batches, pixelValues }, sampler.stepsPerEpoch, options);
  }

  /** Seconds that next() has kept its callers waiting, from the start. */
  get waitedSeconds(): number {
    return this.#waitedMs / 1000;
  }

  /**
   * The next batch, null after the last or after close(). What the batch before holds is gone. One call at a time.
   * @throws DataError when no picture can take the place of a broken one; ProviderError
   */
  async next(): Promise<DeviceBatch | null> {
    if (!this.#open || this.#step >= this.#endStep) return null;
    const { session, batches, pixelValues } = this.#parts;
    const began = performance.now();
    const drawn = await (this.#drawn ??= batches.draw(this.#step));
    await session.run(batches.feeds, new Map([["pixel_values", pixelValues]]));
    this.#step++;
    this.#drawn = null;
    // While the device is busy with the step.
    setTimeout(() => this.#drawAhead(), 0);
    this.#waitedMs += performance.now() - began;
    return { ...drawn, count: drawn.rows.length, pixelValues };
  }

  /** As a loader's; there is nothing to give back. */
  recycle(_batch: DeviceBatch): void {
    return;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const { device, session, pixelValues } = this.#parts;
    await session.close();
    device.release(pixelValues);
  }

  #drawAhead(): void {
    if (!this.#open || this.#step >= this.#endStep) return;
    this.#drawn ??= this.#parts.batches.draw(this.#step);
    this.#drawn.catch(() => undefined); // next() awaits it again and reports the error
  }
}
