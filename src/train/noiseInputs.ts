/** @file What NCE and InfoNCE add to the feeds and results of a step: noise rows, and Z. */

import type { ObjectiveConfig } from "../../graphs/index.js";
import type { AnyTensor } from "../runtime/device.js";
import { floats, int64s, type HostTensor } from "../runtime/session.js";
import { checkNoise, drawNoise, type NoiseRule } from "./noise.js";
import type { Normalizer } from "./normalizer.js";

type WithNoise = Extract<ObjectiveConfig, { readonly noise: object }>;

export interface NoiseSetup {
  readonly objective: WithNoise;
  /** n: rows of the bank. */
  readonly instances: number;
  readonly batchSize: number;
  readonly seed: number;
  /** null: the step needs no ln Z from outside. */
  readonly normalizer: Normalizer | null;
}

export class NoiseInputs {
  readonly #rule: NoiseRule;
  readonly #seed: number;
  readonly #normalizer: Normalizer | null;
  readonly #withNormalizer: boolean;
  readonly #rows;
  readonly #logNormalizer = floats([]);
  readonly #logNoiseRatio = floats([]);
  readonly #estimate = floats([]);

  /** @throws UsageError when there are not enough rows to draw from */
  constructor({ objective, instances, batchSize, seed, normalizer }: NoiseSetup) {
    const { negatives, noise } = objective;
    this.#rule = { instances, negatives, ...noise };
    checkNoise(this.#rule);
    this.#seed = seed;
    this.#normalizer = normalizer;
    this.#withNormalizer = objective.name === "nce";
    this.#rows = int64s([batchSize, negatives]);
    this.#logNoiseRatio.data[0] = Math.log(negatives / instances);
  }

  /**
   * Draws for a step, and adds inputs and places for results.
   * @param step from 0
   * @param rows [B], the pictures' own rows
   */
  bind(feeds: Map<string, AnyTensor>, into: Map<string, HostTensor>, rows: Int32Array, step: number): void {
    drawNoise(this.#rule, rows, this.#seed, step, this.#rows.data);
    feeds.set("noise_rows", this.#rows);
    if (!this.#withNormalizer) return;
    feeds.set("log_noise_ratio", this.#logNoiseRatio);
    into.set("log_normalizer_estimate", this.#estimate);
    if (this.#normalizer === null) return;
    this.#logNormalizer.data[0] = this.#normalizer.log;
    feeds.set("log_normalizer", this.#logNormalizer);
  }

  /** ln Z as the last run estimated it. */
  get estimate(): number {
    return this.#estimate.data[0]!;
  }

  /** Takes the results of a step that went well. */
  advance(): void {
    this.#normalizer?.observe(this.estimate);
  }
}
