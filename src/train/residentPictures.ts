/** @file A whole set of pictures as one tensor where a provider computes, for those that are of one size and fit. */

import { openDataset, type Dataset, type DataSource, type Picture } from "../data/dataset.js";
import { inLanes } from "../data/lanes.js";
import type { BrokenPicture } from "../data/loader.js";
import { cachePictures, type PictureStore } from "../data/pictureCache.js";
import { DataError, ProviderError } from "../errors.js";
import type { Device, DeviceTensor } from "../runtime/device.js";
import { throwIfStopped, type TrainerHooks } from "./stopped.js";

/** What is sent to a device and kept there at most, unless more is asked for: seven times CIFAR-10. */
export const RESIDENT_BYTES = 2 ** 30;

/** Pictures being decoded at once, as in src/data/batchMaker.ts. */
const LANES = 4;

export interface ResidentPictures {
  /** [n, C, H, W] uint8, zero where a picture is broken. Released by its device's owner. */
  readonly pixels: DeviceTensor;
  readonly channels: 1 | 3;
  readonly height: number; // pixels
  readonly width: number; // pixels
  /** [n] 1: the picture has one channel, in whatever many it is kept. */
  readonly isGray: Uint8Array;
  /** By row. */
  readonly broken: ReadonlyMap<number, BrokenPicture>;
  readonly name: string;
}

/** Why pictures are left to the loader, for people. */
export interface NotResident {
  readonly reason: string;
}

export interface ResidentOptions {
  readonly limitBytes?: number;
  /** A picture that cannot be read is an error. */
  readonly strict: boolean;
  /** Decoded pictures that are kept already; null: none. */
  readonly store: PictureStore | null;
  readonly progress: (done: number, total: number) => void;
  readonly hooks: Pick<TrainerHooks, "stopRequested">;
}

/**
 * Reads all pictures of a set and sends them to the device.
 * @throws DataError (as a rejection) for a broken picture if strict, or when no picture can be read; Stopped
 */
export async function makeResident(
  device: Device,
  source: DataSource,
  options: ResidentOptions,
): Promise<ResidentPictures | NotResident> {
  const dataset = await openDataset(source);
  const { limitBytes = RESIDENT_BYTES } = options;
  const set = new DecodedSet(dataset, limitBytes);
  const read = cachePictures((row) => dataset.picture(row), options.store);
  let done = 0;
  await inLanes(dataset.size, LANES, async (row) => {
    throwIfStopped(options.hooks);
    if (set.misfit !== null) return;
    set.add(row, await orFault(dataset, row, read, options.strict));
    options.progress(++done, dataset.size);
  });
  if (set.misfit !== null) return { reason: set.misfit };
  return send(device, set.finish(), limitBytes);
}

/** The picture of a row, or what is wrong with it. */
async function orFault(
  dataset: Dataset,
  row: number,
  read: (row: number) => Promise<Picture>,
  strict: boolean,
): Promise<Picture | BrokenPicture> {
  try {
    return await read(row);
  } catch (error) {
    if (strict || !(error instanceof DataError)) throw error;
    return { row, id: dataset.id(row), reason: error.message };
  }
}

type Decoded = Omit<ResidentPictures, "pixels"> & { readonly bytes: Uint8Array<ArrayBuffer> };

/** Pictures as they are decoded, until all are known to be of one size. */
class DecodedSet {
  /** Why these pictures cannot be one tensor. */
  misfit: string | null = null;
  readonly #pictures: (Picture | null)[];
  readonly #broken = new Map<number, BrokenPicture>();
  #like: Picture | null = null;

  constructor(
    private readonly dataset: Dataset,
    private readonly limitBytes: number,
  ) {
    this.#pictures = new Array<Picture | null>(dataset.size).fill(null);
  }

  add(row: number, found: Picture | BrokenPicture): void {
    if ("reason" in found) {
      this.#broken.set(row, found);
      return;
    }
    this.#like ??= found;
    const { width, height } = this.#like;
    const bytes = this.dataset.size * width * height * (found.channels === 3 ? 3 : this.#like.channels);
    if (found.width !== width || found.height !== height) {
      this.misfit ??= `pictures of ${width} x ${height} and of ${found.width} x ${found.height} pixels`;
    } else if (bytes > this.limitBytes) {
      this.misfit ??= `${mebibytes(bytes)} MiB of pictures, more than ${mebibytes(this.limitBytes)}`;
    }
    this.#pictures[row] = found;
  }

  /** @throws DataError when no picture could be read */
  finish(): Decoded {
    const { name, size } = this.dataset;
    if (this.#like === null) {
      throw new DataError(
        `${name}: found no picture that can be read, expected at least one; ` +
          `one of the faults: ${this.#broken.get(0)!.reason}`,
      );
    }
    const { width, height } = this.#like;
    const pixels = width * height;
    const channels = this.#pictures.some((picture) => picture?.channels === 3) ? 3 : 1;
    const bytes = new Uint8Array(size * channels * pixels);
    const isGray = new Uint8Array(size);
    this.#pictures.forEach((picture, row) => {
      if (picture === null) return;
      isGray[row] = picture.channels === 1 ? 1 : 0;
      writePlanes(bytes.subarray(row * channels * pixels, (row + 1) * channels * pixels), picture, channels);
      this.#pictures[row] = null;
    });
    return { bytes, channels, width, height, isGray, broken: this.#broken, name };
  }
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);

/** From colours beside each other to one plane after the other; gray fills all of them. */
function writePlanes(target: Uint8Array, { data, channels: given }: Picture, channels: 1 | 3): void {
  const pixels = target.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const first = given === 1 ? 0 : channel;
    for (let pixel = 0; pixel < pixels; pixel++) {
      target[channel * pixels + pixel] = data[pixel * given + first]!;
    }
  }
}

/** What the device has no room for is left to the loader. */
async function send(
  device: Device,
  { bytes, ...set }: Decoded,
  limitBytes: number,
): Promise<ResidentPictures | NotResident> {
  if (bytes.length > limitBytes) return { reason: `${mebibytes(bytes.length)} MiB of pictures` };
  const shape = [set.isGray.length, set.channels, set.height, set.width];
  try {
    const pixels = await device.allocate("uint8", shape);
    await device.upload({ dtype: "uint8", shape, data: bytes }, pixels);
    return { ...set, pixels };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { reason: `${mebibytes(bytes.length)} MiB of pictures find no room: ${error.message}` };
  }
}
