/** @file Which pictures make up a batch of resident ones, and how they are seen: the feeds of graphs/augmentation.ts. */

import { viewOf, type AugmentOptions } from "../data/augment.js";
import type { Batch } from "../data/loader.js";
import { drawReplacement, noneReadable } from "../data/replacement.js";
import type { Sampler } from "../data/sampler.js";
import type { AnyTensor } from "../runtime/device.js";
import { int64s, type Int64Tensor } from "../runtime/session.js";
import type { ResidentPictures } from "./residentPictures.js";
import type { ViewNumbers } from "./viewNumbers.js";

export type DrawnBatch = Pick<Batch, "step" | "epoch" | "rows" | "broken">;

export interface ViewBatchesOptions {
  readonly augment: AugmentOptions;
  readonly seed: number;
  readonly pictures: ResidentPictures;
  readonly sampler: Sampler;
  readonly numbers: ViewNumbers;
  readonly batchSize: number; // pictures
}

export class ViewBatches {
  /** Of the batch that was drawn last. */
  readonly feeds: ReadonlyMap<string, AnyTensor>;
  readonly #options: ViewBatchesOptions;
  readonly #rows: Int64Tensor;

  constructor(options: ViewBatchesOptions) {
    const { pictures, numbers, batchSize } = options;
    this.#options = options;
    this.#rows = int64s([batchSize]);
    this.feeds = new Map<string, AnyTensor>([
      ["pictures", pictures.pixels],
      ["rows", this.#rows],
      ...numbers.tensors,
    ]);
  }

  /**
   * Writes the feeds of a batch.
   * @throws DataError (as a rejection) when no picture can take the place of a broken one
   */
  async draw(step: number): Promise<DrawnBatch> {
    const { augment, seed, pictures, sampler, numbers } = this.#options;
    const { width, height, isGray } = pictures;
    const epoch = sampler.epochOf(step);
    const { rows, broken } = await this.#readable(sampler.batchRows(step), epoch);
    rows.forEach((row, place) => {
      const view = viewOf(augment, { seed, epoch, row, width, height });
      numbers.set(place, view, isGray[row] === 1);
      this.#rows.data[place] = BigInt(row);
    });
    return { step, epoch, rows, broken };
  }

  /** Rows with others in the place of those that cannot be read. */
  async #readable(asked: Int32Array<ArrayBuffer>, epoch: number): Promise<Pick<Batch, "rows" | "broken">> {
    const { broken: faults, name, isGray } = this.#options.pictures;
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
}
