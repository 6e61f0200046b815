/**
 * @file Decodes and transforms the pictures of one batch, and settles what stands in for those that cannot be
 * read. What a batch holds depends on what was asked for and on the files only: not on the worker, nor on what
 * it made before.
 */

import { DataError } from "../errors.js";
import type { Dataset, Picture } from "./dataset.js";
import type { BrokenPicture, MakeBatch } from "./loaderProtocol.js";
import { drawReplacement, noneReadable } from "./replacement.js";
import type { Transform, TransformOptions } from "./transform.js";
import { createTransform } from "./transform.js";

/** Pictures being decoded at once: libuv's pool, which runs sharp, has four threads by default. */
const LANES = 4;

export interface BatchMakerOptions {
  readonly dataset: Dataset;
  /** Reads a row; a DataError says that the picture is broken. */
  readonly read: (row: number) => Promise<Picture>;
  readonly transform: TransformOptions;
  readonly strict: boolean;
}

export interface BatchContent {
  readonly rows: Int32Array<ArrayBuffer>;
  readonly broken: readonly BrokenPicture[];
}

export class BatchMaker {
  readonly #options: BatchMakerOptions;
  readonly #transform: Transform;
  readonly #pictureLength: number; // floats
  /** By row, what is wrong: a broken picture is not decoded again. */
  readonly #known = new Map<number, BrokenPicture>();

  constructor(options: BatchMakerOptions) {
    this.#options = options;
    this.#transform = createTransform(options.transform);
    this.#pictureLength = 3 * options.transform.imageSize ** 2;
  }

  /**
   * Writes job.pixelValues, zero from the last picture on.
   * @param stopped once true, no other picture is begun; the batch is then not whole
   * @throws DataError (as a rejection) for a broken picture if strict, or when no picture can be read
   */
  async fill(job: MakeBatch, stopped: () => boolean): Promise<BatchContent> {
    const { rows, pixelValues } = job;
    const brokenSlots = await this.#fillSlots(job, stopped);
    const slots = [...brokenSlots.keys()].sort((a, b) => a - b);
    const broken = slots.map((slot) => brokenSlots.get(slot)!);
    const present = Int32Array.from(rows);
    for (const slot of slots) {
      if (stopped()) break;
      if (this.#options.transform.transform.kind === "evaluate") {
        pixelValues.fill(0, slot * this.#pictureLength, (slot + 1) * this.#pictureLength);
      } else {
        await this.#replace(job, present, slot, broken);
      }
    }
    pixelValues.fill(0, rows.length * this.#pictureLength); // not an earlier batch's pictures
    return { rows: present, broken };
  }

  /**
   * Several lanes take the next picture each. A lane that fails ends all; since pictures are taken in order, the
   * lowest failed slot, whose error is thrown, does not depend on timing.
   * @returns the broken pictures, by slot
   */
  async #fillSlots(job: MakeBatch, stopped: () => boolean): Promise<Map<number, BrokenPicture>> {
    const broken = new Map<number, BrokenPicture>();
    const failures = new Map<number, unknown>();
    let taken = 0;
    const lane = async (): Promise<void> => {
      while (taken < job.rows.length && failures.size === 0 && !stopped()) {
        const slot = taken++;
        try {
          const fault = await this.#write(job, slot, job.rows[slot]!);
          if (fault !== null) broken.set(slot, fault);
        } catch (error) {
          failures.set(slot, error);
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
    return broken;
  }

  /** Fills one slot with the picture of a row. @returns null, or why it is untouched */
  async #write({ epoch, pixelValues }: MakeBatch, slot: number, row: number): Promise<BrokenPicture | null> {
    const known = this.#known.get(row);
    if (known !== undefined) return known;
    let picture: Picture;
    try {
      picture = await this.#options.read(row);
    } catch (error) {
      if (this.#options.strict || !(error instanceof DataError)) throw error;
      const fault = { row, id: this.#options.dataset.id(row), reason: error.message };
      this.#known.set(row, fault);
      return fault;
    }
    this.#transform(picture, epoch, row, pixelValues, slot * this.#pictureLength);
    return null;
  }

  /**
   * Fills a broken picture's slot with a good one.
   * @param present [count] rows of the batch, changed at `slot`
   */
  async #replace(
    job: MakeBatch,
    present: Int32Array,
    slot: number,
    broken: readonly BrokenPicture[],
  ): Promise<void> {
    const { dataset, transform } = this.#options;
    const of = { seed: transform.seed, epoch: job.epoch, row: job.rows[slot]!, rowCount: dataset.size };
    const isBroken = (candidate: number): boolean => broken.some(({ row }) => row === candidate);
    const row = await drawReplacement(of, present, async (candidate) => {
      // To know whether a picture is good, it is written.
      const known = isBroken(candidate) || present.includes(candidate);
      return known ? !isBroken(candidate) : (await this.#write(job, slot, candidate)) === null;
    });
    if (row === null) throw noneReadable(dataset.name, dataset.size, broken[0]!.reason);
    if (present.includes(row)) await this.#write(job, slot, row);
    present[slot] = row;
  }
}
