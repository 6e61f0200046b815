/** @file For a few pictures, always the same, which rows of the bank are nearest to their own. */

import { RandomStream } from "../../../random/philox.js";
import type { Strip, Thumbnail } from "../protocol.js";
import type { LearningRun } from "./begin.js";
import { readableRows } from "./pictures.js";
import { drawTiles } from "./tiles.js";

const STRIPS = 6;
const NEAREST = 6;

export class Strips {
  readonly #run: LearningRun;
  readonly #rows: readonly number[];
  readonly #readable: Int32Array;
  readonly #sent = new Set<number>();

  constructor(run: LearningRun) {
    this.#run = run;
    this.#readable = readableRows(run.set);
    const order = Int32Array.from(this.#readable);
    new RandomStream(run.plan.settings.seed, "strips").shuffle(order);
    this.#rows = [...order.slice(0, STRIPS)].sort((a, b) => a - b);
  }

  now(): Strip[] {
    return this.#rows.map((row) => ({ row, nearest: this.#nearest(row) }));
  }

  /** Of rows that were not asked for before. */
  async thumbnails(strips: readonly Strip[]): Promise<Thumbnail[]> {
    const shown = strips.flatMap(({ row, nearest }) => [row, ...nearest.map((near) => near.row)]);
    const rows = [...new Set(shown)].filter((row) => !this.#sent.has(row));
    const { pictures } = this.#run.set;
    for (const row of rows) this.#sent.add(row);
    return Promise.all(
      rows.map(async (row) => ({ row, picture: await drawTiles([pictures[row]!], 1, "image/png") })),
    );
  }

  #nearest(row: number): Strip["nearest"] {
    const { data, shape } = this.#run.bank;
    const dim = shape[1]!;
    const own = data.subarray(row * dim, (row + 1) * dim);
    const similarityTo = (other: number): number => {
      let sum = 0;
      for (let at = 0; at < dim; at++) sum += own[at]! * data[other * dim + at]!;
      return sum;
    };
    const all = Array.from(this.#readable, (other) => ({ row: other, similarity: similarityTo(other) }));
    return all
      .filter((near) => near.row !== row)
      .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
      .slice(0, NEAREST);
  }
}
