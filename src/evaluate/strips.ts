/**
 * @file Neighbour strips: a few fixed pictures, each with those of the bank that lie nearest, so that a person sees
 * what the network takes for alike. Where there are labels, a frame says right or wrong.
 */

import type { Dataset, Picture } from "../data/dataset.js";
import { encodePng } from "../data/encode.js";
import { composeTiles, enlarge, rasterOfInput, type Raster } from "../data/sheet.js";
import { createTransform, type Rgb, type Transform } from "../data/transform.js";
import { RandomStream } from "../random/philox.js";
import type { EmbedOptions, Encode } from "./embed.js";
import { readablePictures, readPicture } from "./pictures.js";
import { searchNearest } from "./search.js";
import { shuffledRows, type Selection } from "../search/vectors.js";

const QUERIES = 8;
const NEIGHBOURS = 10;
/** Width and height of a picture in a strip, at most; smaller ones grow by a whole factor. */
const TILE_SIDE = 64; // pixels
const FRAME = 3; // pixels
const GAP = 3; // pixels

const PAPER: Rgb = [255, 255, 255];
const INK: Rgb = [51, 51, 51];
/** Green and red that differ in brightness too, for eyes that do not tell the two apart. */
const RIGHT: Rgb = [32, 158, 104];
const WRONG: Rgb = [201, 58, 33];
/** In place of a picture that cannot be read. */
const MISSING: Rgb = [200, 200, 200];

const AS_IT_IS = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** What the strips are made of. */
export interface StripOptions extends EmbedOptions {
  readonly train: Dataset;
  readonly trainLabels: Int32Array | null;
  /** null: the queries are training pictures, and do not find themselves. */
  readonly heldOut: Dataset | null;
  readonly heldOutLabels: Int32Array | null;
}

/** Pictures whose neighbours are shown: what is kept of them does not grow with their size. */
interface Queries {
  readonly rows: readonly number[];
  readonly tiles: readonly Raster[];
  /** Network input, [queries, 3, imageSize, imageSize] */
  readonly pixels: Float32Array<ArrayBuffer>;
}

export class NeighbourStrips {
  readonly #options: StripOptions;
  readonly #queryLabels: Int32Array | null;
  readonly #side: number;
  readonly #transform: Transform;
  #queries: Queries | null = null;

  constructor(options: StripOptions) {
    this.#options = options;
    this.#queryLabels = options.heldOut ? options.heldOutLabels : options.trainLabels;
    const { imageSize, resize } = options.preprocessing;
    this.#side = Math.min(imageSize, TILE_SIDE);
    this.#transform = createTransform({
      transform: { kind: "evaluate", resize: Math.round((resize * this.#side) / imageSize) },
      imageSize: this.#side,
      ...AS_IT_IS,
      seed: options.seed,
    });
  }

  /**
   * @param bank what is known of the training pictures, broken ones left out
   * @returns a PNG, a row for each query; null where there is no query or no neighbour
   */
  async draw(encode: Encode, bank: Selection): Promise<Uint8Array | null> {
    const { rows, tiles, pixels } = (this.#queries ??= await this.#choose());
    const itself = this.#options.heldOut ? 0 : 1;
    const k = Math.min(NEIGHBOURS + itself, bank.vectors.count);
    if (rows.length === 0 || k <= itself) return null;
    const vectors = await encode(pixels, rows.length);
    const found = await searchNearest(vectors, bank.vectors, k, this.#options.provider);
    const shown: Raster[] = [];
    for (const [at, row] of rows.entries()) {
      const near = Array.from(found.rows.subarray(at * k, (at + 1) * k), (one) => bank.rows[Number(one)]!);
      const others = itself ? near.filter((other) => other !== row) : near;
      shown.push(tiles[at]!);
      for (const other of others.slice(0, k - itself)) shown.push(await this.#neighbour(other, row));
    }
    return encodePng(composeTiles(shown, 1 + k - itself, { gap: GAP, background: PAPER }));
  }

  /** The same for every epoch of a run, and of a run that was resumed. */
  async #choose(): Promise<Queries> {
    const { heldOut, train, preprocessing, seed } = this.#options;
    const { imageSize, resize, mean, std } = preprocessing;
    const dataset = heldOut ?? train;
    const transform = createTransform({
      transform: { kind: "evaluate", resize },
      imageSize,
      mean,
      std,
      seed,
    });
    const [rows, tiles]: [number[], Raster[]] = [[], []];
    const length = 3 * imageSize * imageSize;
    const pixels = new Float32Array(QUERIES * length);
    const order = shuffledRows(dataset.size, new RandomStream(seed, "strips"));
    for await (const { row, picture } of readablePictures(dataset, order, QUERIES)) {
      transform(picture, 0, row, pixels, rows.length * length);
      rows.push(row);
      tiles.push(this.#tile(picture, INK));
    }
    return { rows, tiles, pixels: pixels.slice(0, rows.length * length) };
  }

  async #neighbour(row: number, queryRow: number): Promise<Raster> {
    const { train, trainLabels } = this.#options;
    const known = trainLabels !== null && this.#queryLabels !== null;
    const isRight = known && trainLabels[row] === this.#queryLabels[queryRow];
    return this.#tile(await readPicture(train, row), known ? (isRight ? RIGHT : WRONG) : PAPER);
  }

  /** What the network sees of a picture, in a frame. */
  #tile(picture: Picture | null, frame: Rgb): Raster {
    const side = this.#side;
    const values = new Float32Array(3 * side * side);
    if (picture) this.#transform(picture, 0, 0, values, 0);
    const seen = rasterOfInput(values, side, AS_IT_IS);
    if (!picture) for (let at = 0; at < seen.data.length; at += 3) seen.data.set(MISSING, at);
    const tile = enlarge(seen, Math.max(1, Math.floor(TILE_SIDE / side)));
    return composeTiles([tile], 1, { gap: FRAME, background: frame });
  }
}
