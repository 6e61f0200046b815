/** @file Is it learning? What a run measures beside its loss. Labels are used here and nowhere else. */

import type { AugmentOptions } from "../data/augment.js";
import { openDataset, type Dataset, type DataSource } from "../data/dataset.js";
import type { BrokenPicture } from "../data/loader.js";
import { RandomStream } from "../random/philox.js";
import type { EmbeddingStatistics, KnnLevel, LevelName } from "../run/records.js";
import {
  embedAll,
  rawPixels,
  withEncoder,
  type Embedded,
  type EmbedOptions,
  type Encode,
  type Progress,
} from "./embed.js";
import { labelsOf } from "./labels.js";
import { chanceLevel, knnLevels, type Labelled } from "./levels.js";
import { effectiveRank, uniformity } from "./statistics.js";
import { NeighbourStrips } from "./strips.js";
import { shuffledRows, takeRows, withoutRows, type Selection, type Vectors } from "../search/vectors.js";
import { alignmentOfViews } from "./views.js";

/** Rows of the bank that uniformity and effective rank are measured on: two million pairs. */
const SAMPLE_ROWS = 2000;

export interface MonitorOptions extends EmbedOptions {
  readonly train: DataSource;
  /** null: nothing is held out. */
  readonly evaluate: DataSource | null;
  /** The views that training learns from. */
  readonly augment: AugmentOptions;
  /** τ of the kNN vote. */
  readonly temperature: number;
  /** Takes held-out pictures that cannot be read; each may come more than once. */
  readonly tellBroken?: (pictures: readonly BrokenPicture[]) => void;
}

/** What an evaluation during training found. */
export interface Evaluation {
  /** Held-out pictures against the bank as training left it; empty without labels. */
  readonly knn: readonly KnnLevel[];
  /** null: no picture can be read. */
  readonly embedding: EmbeddingStatistics | null;
  /** Neighbour strips, see strips.ts. */
  readonly stripsPng: Uint8Array | null;
}

/** Says what is being measured, and how far it is. */
export type Stage = (what: string) => Progress;

/** What accuracy is measured with. */
interface HeldOut {
  readonly source: DataSource;
  readonly labels: Int32Array;
  readonly trainLabels: Int32Array;
}

export class Monitor {
  readonly #options: MonitorOptions;
  readonly #stage: Stage;
  readonly #train: Dataset;
  readonly #strips: NeighbourStrips;
  /** null: without labels, or without pictures that are held out. */
  readonly #heldOut: HeldOut | null;

  private constructor(options: MonitorOptions, stage: Stage, train: Dataset, heldOut: Dataset | null) {
    const [trainLabels, heldOutLabels] = [labelsOf(train), heldOut && labelsOf(heldOut)];
    this.#options = options;
    this.#stage = stage;
    this.#train = train;
    this.#strips = new NeighbourStrips({ ...options, train, trainLabels, heldOut, heldOutLabels });
    this.#heldOut =
      options.evaluate && trainLabels && heldOutLabels
        ? { source: options.evaluate, labels: heldOutLabels, trainLabels }
        : null;
  }

  static async open(options: MonitorOptions, stage: Stage): Promise<Monitor> {
    const train = await openDataset(options.train);
    const heldOut = options.evaluate && (await openDataset(options.evaluate));
    return new Monitor(options, stage, train, heldOut);
  }

  /**
   * The levels that learning has to beat; empty without labels.
   * @param encoder encoder.onnx with the initial weights
   */
  async baselines(encoder: Uint8Array): Promise<[LevelName, readonly KnnLevel[]][]> {
    if (!this.#heldOut) return [];
    const { source, labels, trainLabels } = this.#heldOut;
    const queries = labelled(await rawPixels(this.#options, source), labels);
    const bank = labelled(await rawPixels(this.#options, this.#options.train), trainLabels);
    return [
      ["chance", queries.labels.length > 0 ? [chanceLevel(queries.labels)] : []],
      ["raw pixels", await knnLevels(queries, bank, this.#options)],
      ["untrained network", await this.encodedLevels(encoder, "measuring the untrained network")],
    ];
  }

  /** All pictures encoded afresh; empty without labels. */
  async encodedLevels(encoder: Uint8Array, what: string): Promise<readonly KnnLevel[]> {
    const heldOut = this.#heldOut;
    if (!heldOut) return [];
    return withEncoder(this.#options, encoder, async (encode) => {
      const queries = await this.#encodeHeldOut(heldOut, encode, `${what}: held-out pictures`);
      const bank = await embedAll(this.#options, encode, this.#options.train, this.#stage(what));
      return knnLevels(queries, labelled(bank, heldOut.trainLabels), this.#options);
    });
  }

  /**
   * Cheap enough for every epoch: only held-out pictures, a sample of views and a few queries are encoded.
   * @param bank [instances, D] as training left it
   * @param brokenRows rows of the bank whose pictures are known to be unreadable
   */
  async evaluate(
    encoder: Uint8Array,
    bank: Vectors,
    brokenRows: ReadonlySet<number> = new Set(),
  ): Promise<Evaluation> {
    const kept = withoutRows(bank, brokenRows);
    return withEncoder(this.#options, encoder, async (encode) => ({
      knn: await this.#bankLevels(encode, kept),
      embedding: await this.#embedding(encode, kept),
      stripsPng: await this.#strips.draw(encode, kept),
    }));
  }

  async #bankLevels(encode: Encode, { vectors, rows }: Selection): Promise<readonly KnnLevel[]> {
    if (!this.#heldOut) return [];
    const { trainLabels } = this.#heldOut;
    const queries = await this.#encodeHeldOut(this.#heldOut, encode, "measuring");
    return knnLevels(queries, { vectors, labels: rows.map((row) => trainLabels[row]!) }, this.#options);
  }

  async #embedding(encode: Encode, { vectors }: Selection): Promise<EmbeddingStatistics | null> {
    const { augment, seed } = this.#options;
    const alignment = await alignmentOfViews(this.#options, augment, this.#train, encode);
    if (alignment === null || vectors.count === 0) return null;
    const rows = shuffledRows(vectors.count, new RandomStream(seed, "uniformity")).subarray(0, SAMPLE_ROWS);
    const sample = takeRows(vectors, rows);
    return { alignment, uniformity: uniformity(sample), effectiveRank: effectiveRank(sample) };
  }

  async #encodeHeldOut({ source, labels }: HeldOut, encode: Encode, what: string): Promise<Labelled> {
    const embedded = await embedAll(this.#options, encode, source, this.#stage(what));
    this.#options.tellBroken?.([...embedded.broken.values()]);
    return labelled(embedded, labels);
  }
}

/** The pictures that can be read, with their labels. */
function labelled({ vectors, broken }: Embedded, labels: Int32Array): Labelled {
  const kept = withoutRows(vectors, broken);
  return { vectors: kept.vectors, labels: kept.rows.map((row) => labels[row]!) };
}
