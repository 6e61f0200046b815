/** @file Everything a training run needs to know, as plain data that can be sent to its thread. */

import type { Manifest } from "../artifact/manifest.js";
import type { AugmentOptions } from "../data/augment.js";
import type { DataSource } from "../data/dataset.js";
import { UsageError } from "../errors.js";
import type { Schedule } from "./schedule.js";

export const BANK_INITS = ["forward", "random"] as const;

export interface TrainPlan {
  /** What build-graph made; the recipe and preprocessing are in its manifest. */
  readonly manifest: Omit<Manifest, "files">;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly train: DataSource;
  /** null: nothing is evaluated. */
  readonly evaluate: DataSource | null;
  readonly augment: AugmentOptions;
  readonly epochs: number;
  readonly schedule: Schedule;
  readonly bankInit: (typeof BANK_INITS)[number];
  /** Temperature of the kNN vote; 0.07 in the paper. */
  readonly knnTemperature: number;
  readonly seed: number;
  /** Folder for the trained artifact. */
  readonly out: string;
  readonly threads: number;
  readonly dataWorkers: number;
}

/** @throws UsageError when there are fewer pictures than a batch holds: every epoch would be without a step */
export function checkPlan({ train, manifest }: TrainPlan): void {
  const { batchSize } = manifest.recipe;
  if (train.rowCount >= batchSize) return;
  throw new UsageError(
    `${train.name}: has ${train.rowCount} pictures, expected at least the batch size ${batchSize}; lower --batch-size`,
  );
}

/** kNN accuracy in [0, 1] for each k. */
export interface KnnLevel {
  readonly k: number;
  readonly accuracy: number;
}

export type TrainEvent =
  | { readonly kind: "stage"; readonly what: string; readonly done: number; readonly total: number }
  | { readonly kind: "level"; readonly name: LevelName; readonly knn: readonly KnnLevel[] }
  | {
      readonly kind: "step";
      /** Steps done. */
      readonly step: number;
      readonly steps: number;
      readonly epoch: number;
      readonly loss: number;
      readonly learningRate: number;
      readonly picturesPerSecond: number;
    }
  | {
      readonly kind: "epoch";
      /** Epochs done. */
      readonly epoch: number;
      /** Mean over the epoch, nats. */
      readonly loss: number;
      readonly seconds: number;
      /** Against the bank as training left it; empty without labels. */
      readonly knn: readonly KnnLevel[];
    };

export const LEVELS = ["chance", "raw pixels", "untrained network", "learned"] as const;
export type LevelName = (typeof LEVELS)[number];

export interface TrainSummary {
  readonly out: string;
  readonly epochs: number;
  readonly steps: number;
  readonly loss: number;
  readonly seconds: number;
  /** true: stopped before its end, by the user. */
  readonly interrupted: boolean;
  readonly levels: Readonly<Partial<Record<LevelName, readonly KnnLevel[]>>>;
}
