/** @file The batches that steps learn from: prepared on the host, or on a GPU where all pictures have room. */

import type { Batch, LoaderOptions } from "../data/loader.js";
import type { Device, DeviceTensor } from "../runtime/device.js";
import { DeviceLoader } from "./deviceAugment.js";
import type { Journal } from "./journal.js";
import { loadPictures } from "./loadPictures.js";
import type { FittedPlan } from "./plan.js";
import { makeResident } from "./residentPictures.js";
import type { TrainerHooks } from "./stopped.js";

export type StepPictures = Omit<Batch, "pixelValues"> & {
  /** [B, 3, H, W]; a device's hold until the next batch. */
  readonly pixelValues: Batch["pixelValues"] | DeviceTensor;
};

export interface Batches {
  /** null after the last. @throws DataError as a loader's */
  next(): Promise<StepPictures | null>;
  /** What a batch took may be used again. */
  recycle(batch: StepPictures): void;
  close(): Promise<void>;
}

/** Which of all batches. */
export type Part = Pick<LoaderOptions, "accumulation" | "firstStep" | "steps">;

/** Pictures between two words of progress. */
const TOLD_EVERY = 512;

/** The device that pictures are to lie on; null: the host prepares them. WebGPU holds no tensor as large as CIFAR-10. */
export function pictureDevice({ provider: { device } }: FittedPlan): Device | null {
  return device?.ep === "cuda" ? device : null;
}

/** Batches that the host prepares, from now on. */
export function hostBatches(plan: FittedPlan, part: Part): Batches {
  return loadPictures(plan, { kind: "augment", options: plan.augment }, part);
}

/**
 * Batches of pictures that lie on the device; of the host, where they cannot.
 * @throws DataError when no picture can be read; ProviderError; Stopped
 */
export async function deviceBatches(
  device: Device,
  plan: FittedPlan,
  part: Part,
  journal: Journal,
  hooks: TrainerHooks,
): Promise<Batches> {
  const { manifest, train, strictData: strict, pool, seed, augment, provider } = plan;
  const pictures = await makeResident(device, train, {
    ...{ strict, store: pool.storeOf(train), hooks },
    progress(done, total) {
      if (done % TOLD_EVERY !== 0 && done !== total) return;
      journal.emit({ kind: "stage", what: "taking the pictures to the GPU", done, total });
    },
  });
  if ("reason" in pictures) {
    journal.note(`the host prepares the pictures, not the GPU: ${pictures.reason}`);
    return hostBatches(plan, part);
  }
  const { imageSize, mean, std } = manifest.preprocessing;
  const { batchSize } = manifest.recipe;
  const options = { augment, batchSize, imageSize, mean, std, seed, target: provider.target, ...part };
  return DeviceLoader.open(device, pictures, options);
}
