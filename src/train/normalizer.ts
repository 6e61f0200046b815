/** @file ln Z of NCE from step to step; graphs/normalizer.ts tells the modes. All arithmetic is in logarithms. */

import type { NormalizerMode } from "../../graphs/index.js";

/** ln of the mean of eˣ. */
export function logMeanExp(logs: readonly number[]): number {
  const highest = Math.max(...logs);
  const sum = logs.reduce((total, log) => total + Math.exp(log - highest), 0);
  return highest + Math.log(sum / logs.length);
}

/** ln(share·eᵃ + (1 - share)·eᵇ) */
export function logBlend(a: number, b: number, share: number): number {
  const highest = Math.max(a, b);
  return highest + Math.log(share * Math.exp(a - highest) + (1 - share) * Math.exp(b - highest));
}

/** Batches whose estimates are averaged before the first step. */
export function initialBatches(mode: NormalizerMode): number {
  if (mode.mode === "exact") return 0;
  return mode.mode === "batches" ? mode.batches : 1;
}

/** ln Z as the next step takes it. `log` is all there is to save, and to start again from. */
export class Normalizer {
  readonly #mode: NormalizerMode;
  #log: number;

  /** @param log ln Z before the next step */
  constructor(mode: NormalizerMode, log: number) {
    this.#mode = mode;
    this.#log = log;
  }

  get log(): number {
    return this.#log;
  }

  /** @param estimate what a step says of ln Z */
  observe(estimate: number): void {
    if (this.#mode.mode === "ema") this.#log = logBlend(this.#log, estimate, this.#mode.momentum);
  }
}
