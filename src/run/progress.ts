/** @file How far a run has come, beside its tensors. A checkpoint holds it as JSON, which keeps every double exactly. */

import type { TrainingProvider } from "../ir/executionProvider.js";
import type { KnnLevel, LevelName } from "./records.js";

/** Which pictures a run learns from: rows of the bank mean nothing without them. */
export interface DataIdentity {
  readonly format: string;
  readonly pictures: number;
  /** Of the ordered ids; null where the format has none. */
  readonly sha256: string | null;
}

export interface Progress {
  /** Optimizer steps done. */
  step: number;
  /** Epochs whose end has been recorded. */
  epochs: number;
  /** Sum over the steps since the last recorded epoch, nats. */
  lossSum: number;
  /** Mean over the last recorded epoch, nats; null: there is none. */
  lastLoss: number | null;
  /** Step of the last evaluation; null: none yet. */
  evaluated: number | null;
  /** What was learned has been measured, and the run is over unless it is given more steps. */
  finished: boolean;
  /** ln Z before the next step; null where the objective needs none. */
  logNormalizer: number | null;
  levels: Partial<Record<LevelName, readonly KnnLevel[]>>;
  /** Best kNN accuracy of an evaluation, of most neighbours, and its step. */
  best: { readonly step: number; readonly top1: number } | null;
  /** Rows of training pictures that could not be read, in the order in which they were met. */
  broken: number[];
  /** Ids of held-out pictures that could not be read. */
  brokenHeldOut: string[];
  /** What the watch over the loss has seen (src/train/divergence.ts); null before the first step. */
  watch: Readonly<Record<string, number>> | null;
  /** Length of metrics.jsonl. */
  metricsBytes: number;
  readonly data: DataIdentity;
  readonly seed: number;
  /** Of the runtime: results depend on it in their last bits. */
  threads: number;
  /** That computed last; missing in checkpoints from before there was a choice. */
  ep?: TrainingProvider;
}

/** @param computed by what, and with how many threads */
export function newProgress(
  data: DataIdentity,
  seed: number,
  { ep, threads }: { readonly ep: TrainingProvider; readonly threads: number },
): Progress {
  return {
    step: 0,
    epochs: 0,
    lossSum: 0,
    lastLoss: null,
    evaluated: null,
    finished: false,
    logNormalizer: null,
    levels: {},
    best: null,
    broken: [],
    brokenHeldOut: [],
    watch: null,
    metricsBytes: 0,
    data,
    seed,
    threads,
    ep,
  };
}
