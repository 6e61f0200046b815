/** @file Is it learning? What a run measures beside its loss. Labels are used here and nowhere else. */

import type { DataSource } from "../data/dataset.js";
import type { EmbeddingStatistics, KnnLevel, LevelName } from "../run/records.js";
import { embedAll, labelsOf, rawPixels, type EmbedOptions, type Progress } from "./embed.js";
import { chanceLevel, knnLevels, type Labelled } from "./levels.js";
import type { Vectors } from "./search.js";

export interface MonitorOptions extends EmbedOptions {
  readonly train: DataSource;
  /** null: nothing is held out. */
  readonly evaluate: DataSource | null;
  /** τ of the kNN vote. */
  readonly temperature: number;
}

/** What an evaluation during training found. */
export interface Evaluation {
  /** Held-out pictures against the bank as training left it; empty without labels. */
  readonly knn: readonly KnnLevel[];
  readonly embedding: EmbeddingStatistics | null;
  /** Neighbour strips. */
  readonly stripsPng: Uint8Array | null;
}

/** Says what is being measured, and how far it is. */
export type Stage = (what: string) => Progress;

export class Monitor {
  readonly #options: MonitorOptions;
  readonly #stage: Stage;
  #labels: { train: Int32Array; evaluate: Int32Array } | null = null;

  private constructor(options: MonitorOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
  }

  static async open(options: MonitorOptions, stage: Stage): Promise<Monitor> {
    const monitor = new Monitor(options, stage);
    const [own, held] = [
      await labelsOf(options.train),
      options.evaluate && (await labelsOf(options.evaluate)),
    ];
    if (own && held) monitor.#labels = { train: own, evaluate: held };
    return monitor;
  }

  /**
   * The levels that learning has to beat; empty without labels.
   * @param encoder encoder.onnx with the initial weights
   */
  async baselines(encoder: Uint8Array): Promise<[LevelName, readonly KnnLevel[]][]> {
    const { train, evaluate } = this.#options;
    if (!this.#labels || !evaluate) return [];
    const queries = { vectors: await rawPixels(this.#options, evaluate), labels: this.#labels.evaluate };
    const bank = { vectors: await rawPixels(this.#options, train), labels: this.#labels.train };
    return [
      ["chance", [chanceLevel(this.#labels.evaluate)]],
      ["raw pixels", await knnLevels(queries, bank, this.#options)],
      ["untrained network", await this.encodedLevels(encoder, "measuring the untrained network")],
    ];
  }

  /** All pictures encoded afresh; empty without labels. */
  async encodedLevels(encoder: Uint8Array, what: string): Promise<readonly KnnLevel[]> {
    if (!this.#labels) return [];
    const queries = await this.#encodeHeldOut(encoder, `${what}: held-out pictures`);
    const vectors = await embedAll(this.#options, encoder, this.#options.train, this.#stage(what));
    return knnLevels(queries, { vectors, labels: this.#labels.train }, this.#options);
  }

  /**
   * Cheap enough for every epoch: only held-out pictures are encoded.
   * @param bank [instances, D] as training left it
   */
  async evaluate(encoder: Uint8Array, bank: Vectors): Promise<Evaluation> {
    if (!this.#labels) return { knn: [], embedding: null, stripsPng: null };
    const queries = await this.#encodeHeldOut(encoder, "measuring");
    const knn = await knnLevels(queries, { vectors: bank, labels: this.#labels.train }, this.#options);
    return { knn, embedding: null, stripsPng: null };
  }

  async #encodeHeldOut(encoder: Uint8Array, what: string): Promise<Labelled> {
    const vectors = await embedAll(this.#options, encoder, this.#options.evaluate!, this.#stage(what));
    return { vectors, labels: this.#labels!.evaluate };
  }
}
