/** @file Everything a training run needs to know, as plain data that can be sent to its thread. */

import type { LoaderPool } from "../data/loaderPool.js";
import type { Manifest } from "../artifact/manifest.js";
import type { TuneMode } from "../artifact/tuneMode.js";
import type { SourceGraphs } from "../build/sourceGraphs.js";
import type { AugmentOptions } from "../data/augment.js";
import type { DataSource } from "../data/dataset.js";
import { UsageError } from "../errors.js";
import type { TrainingProvider } from "../ir/executionProvider.js";
import type { Precision } from "../ir/precision.js";
import type { EmbeddingStatistics, KnnLevel, LevelName, MetricRecord } from "../run/records.js";
import type { RunProvider } from "./openProvider.js";
import type { Schedule } from "./schedule.js";

/** Embeddings by the untrained network; the authors' uniform numbers; the paper's random unit vectors. */
export const BANK_INITS = ["forward", "uniform", "unit"] as const;

export interface TrainPlan {
  /** What build-graph made; the recipe and preprocessing are in its manifest. */
  readonly manifest: Omit<Manifest, "files">;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What these files were before they were lowered for every machine; missing: the recipe says it. */
  readonly sources?: SourceGraphs | undefined;
  /** How the graphs are fitted to the machine. */
  readonly tune: TuneMode;
  readonly train: DataSource;
  /** null: nothing is evaluated. */
  readonly evaluate: DataSource | null;
  readonly augment: AugmentOptions;
  readonly epochs: number;
  /** Optimizer steps in all; null: as many as the epochs have. */
  readonly steps: number | null;
  readonly schedule: Schedule;
  readonly bankInit: (typeof BANK_INITS)[number];
  /** Temperature of the kNN vote; 0.07 in the paper. */
  readonly knnTemperature: number;
  /** Epochs between evaluations. */
  readonly evaluateEvery: number;
  /** Steps between checkpoints; null: one after each epoch. */
  readonly checkpointEvery: number | null;
  /** Newest checkpoints that are kept; the best by kNN is kept besides. */
  readonly keep: number;
  /** Checkpoint file to go on from; null: from the start. */
  readonly resume: string | null;
  /** A picture that cannot be read is an error. */
  readonly strictData: boolean;
  readonly seed: number;
  /** Run folder, see src/run/layout.ts. */
  readonly out: string;
  /** What computes all of the run. */
  readonly ep: TrainingProvider;
  /** null: another provider. */
  readonly cuda: CudaSettings | null;
  /** Of the runtime, on the CPU. */
  readonly threads: number;
  readonly dataWorkers: number;
}

export interface CudaSettings {
  /** Of the GPU, as nvidia-smi counts. */
  readonly deviceId: number;
  /** Products of matrices and convolutions may round their factors to 10 bits, which is faster. */
  readonly tf32: boolean;
  /** Of the step's convolutions and products. */
  readonly precision: Precision;
  /** The kernels of a step are launched at once. */
  readonly captureGraph: boolean;
  /** null: all there is. */
  readonly memoryLimitGiB: number | null;
}

/** A plan that is carried out. */
export interface RunningPlan extends TrainPlan {
  /** Prepares pictures for all stages of the run. */
  readonly pool: LoaderPool;
  readonly provider: RunProvider;
}

/** A plan whose graphs are fitted to the machine. */
export interface FittedPlan extends RunningPlan {
  /** What is run in place of the graphs in `files`, by their names. */
  readonly executed: ReadonlyMap<string, Uint8Array>;
}

/** @throws UsageError when there are fewer pictures than a batch holds: every epoch would be without a step */
export function checkPlan({ train, manifest }: TrainPlan): void {
  const { batchSize, accumulation, objective } = manifest.recipe;
  if (train.rowCount < batchSize * accumulation) {
    const [step, remedy] =
      accumulation === 1
        ? [`the batch size ${batchSize}`, "--batch-size"]
        : [`${accumulation} batches of ${batchSize}`, "--accumulation or --batch-size"];
    throw new UsageError(
      `${train.name}: has ${train.rowCount} pictures, expected at least ${step}; lower ${remedy}`,
    );
  }
  // The parametric softmax has a row for each picture, which its graph was built with.
  if (objective.name === "parametric" && objective.instances !== train.rowCount) {
    throw new UsageError(
      `${train.name}: has ${train.rowCount} pictures, the graph has ${objective.instances} instances; ` +
        `build one with --instances ${train.rowCount}`,
    );
  }
}

/** Steps of an epoch, and of the whole run. */
export function runLengths({ train, manifest, epochs, steps }: TrainPlan): {
  readonly stepsPerEpoch: number;
  readonly steps: number;
} {
  const { batchSize, accumulation } = manifest.recipe;
  const stepsPerEpoch = Math.floor(train.rowCount / batchSize / accumulation);
  return { stepsPerEpoch, steps: steps ?? stepsPerEpoch * epochs };
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
      /** Against the bank as training left it; empty without labels, and between evaluations. */
      readonly knn: readonly KnnLevel[];
      /** null between evaluations. */
      readonly embedding: EmbeddingStatistics | null;
    }
  | Extract<MetricRecord, { readonly kind: "broken" }>
  /** What a user should know, such as where a run goes on. */
  | { readonly kind: "note"; readonly text: string };

export interface TrainSummary {
  readonly out: string;
  /** Done in all, also before a resumption. */
  readonly epochs: number;
  readonly steps: number;
  /** Mean over the last whole epoch, or over the steps where there is none, nats; NaN before the first step. */
  readonly loss: number;
  /** Since the run, or its resumption, began. */
  readonly seconds: number;
  /** true: stopped before its end, by the user. */
  readonly interrupted: boolean;
  readonly levels: Readonly<Partial<Record<LevelName, readonly KnnLevel[]>>>;
  /** Pictures that could not be read and were left out. */
  readonly brokenPictures: number;
}
