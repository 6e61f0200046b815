/**
 * @file What a run tells of itself. Records go to metrics.jsonl, one a line; they hold nothing that depends on the
 * clock, so that two runs of one seed write the same bytes. Rates and seconds go to timings.jsonl.
 */

/** kNN accuracy over the held-out pictures, in [0, 1]. */
export interface KnnLevel {
  /** Neighbours that vote; 0: no vote, such as chance. */
  readonly k: number;
  readonly top1: number;
  /** The label is among the five best classes; null where there are five classes or fewer, or one neighbour. */
  readonly top5: number | null;
}

/** How embeddings lie on the sphere; needs no labels. Source: Wang and Isola, ICML 2020. */
export interface EmbeddingStatistics {
  /** Mean squared distance between two views of a picture, 0 to 4; lower: views of a picture lie together. */
  readonly alignment: number;
  /** ln of the mean of exp(-2 d²) over pairs of pictures, at most 0; lower: spread evenly. */
  readonly uniformity: number;
  /** exp of the entropy of the covariance's eigenvalue shares, 1 to D: how many directions are in use. */
  readonly effectiveRank: number;
}

export const LEVELS = ["chance", "raw pixels", "untrained network", "learned"] as const;
export type LevelName = (typeof LEVELS)[number];

/** Steps and epochs are counted as done: the first is 1. */
export type MetricRecord =
  | { readonly kind: "level"; readonly name: LevelName; readonly knn: readonly KnnLevel[] }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly epoch: number;
      /** nats */
      readonly loss: number;
      readonly learningRate: number;
    }
  | {
      readonly kind: "epoch";
      readonly step: number;
      readonly epoch: number;
      /** Mean over the epoch, nats. */
      readonly loss: number;
    }
  | {
      readonly kind: "evaluation";
      readonly step: number;
      readonly epoch: number;
      /** Held-out pictures against the bank as training left it; empty without labels. */
      readonly knn: readonly KnnLevel[];
      readonly embedding: EmbeddingStatistics | null;
      /** PNG of neighbour strips, relative to the run folder. */
      readonly strips: string | null;
    }
  /** A picture that cannot be read, told once. */
  | { readonly kind: "broken"; readonly id: string; readonly reason: string };

/** One line of timings.jsonl. */
export interface TimingRecord {
  readonly step: number;
  /** Seconds since the run, or its resumption, began. */
  readonly seconds: number;
  readonly picturesPerSecond: number;
  /** Share of the time since the last record that the step waited for pictures, in [0, 1]. */
  readonly waiting: number;
}
