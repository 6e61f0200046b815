/**
 * @file What the page and the worker that learns say to each other. The order of the answers to a start is: stages,
 * ready, stages, then steps and epochs (with a pause anywhere between them), finished.
 */

import type { PackedError } from "../../errors.js";
import type { MemoryCollection } from "../engine/engineTypes.js";

export const OBJECTIVES = ["auto", "softmax", "nce"] as const;
export const RUNTIMES = ["auto", "webgpu", "wasm"] as const;

/** What a person may choose. */
export interface LearnSettings {
  readonly epochs: number;
  /** Channels of the network's first stage: 8 or 16. */
  readonly width: number;
  /** Side of what the network sees, pixels. */
  readonly imageSize: number;
  /** auto: as `train` chooses, by the number of pictures. */
  readonly objective: (typeof OBJECTIVES)[number];
  readonly seed: number;
  /** auto: WebGPU where there is a GPU that computes the same, else wasm. */
  readonly runtime: (typeof RUNTIMES)[number];
}

export const DEFAULT_SETTINGS: LearnSettings = {
  epochs: 30,
  width: 8,
  imageSize: 32,
  objective: "auto",
  seed: 0,
  runtime: "auto",
};

/** Pictures shown to the network in all, epochs counted: some minutes' worth, without a GPU. */
const SHOWN = 60_000;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [10, 200];

/** How long to learn from so many pictures, where nobody says: from few of them, it takes many epochs. */
export function suggestedEpochs(pictures: number): number {
  return Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, Math.round(SHOWN / Math.max(1, pictures))));
}

/** What came of the settings. */
export interface SettledSettings extends Omit<LearnSettings, "objective" | "runtime"> {
  readonly objective: "softmax" | "nce";
  /** Pictures of a step. */
  readonly batchSize: number;
  readonly embeddingDim: number;
  readonly stepsPerEpoch: number;
  readonly steps: number;
}

/** A picture and its path in the folder that was chosen, with slashes; a plain file's path is its name. */
export interface PictureFile {
  readonly path: string;
  readonly file: Blob;
}

export interface BrokenFile {
  readonly path: string;
  /** For a person. */
  readonly reason: string;
}

/** A run of which the browser keeps the newest checkpoint and the decoded pictures, until it is forgotten. */
export interface StoredRun {
  /** Of the folder of its pictures. */
  readonly name: string;
  readonly pictures: number;
  /** Epochs and steps done. */
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly settings: SettledSettings;
  /** Nothing is left to do, but to learn longer. */
  readonly finished: boolean;
  /** Another tab learns, and alone changes what is stored. */
  readonly elsewhere: boolean;
}

export type ToLearnWorker =
  /** Learns from these pictures. What was stored before is replaced. */
  | { readonly kind: "start"; readonly files: readonly PictureFile[]; readonly settings: LearnSettings }
  /** Goes on with the stored run. @param epochs in all, to learn longer; null: as many as were asked for */
  | { readonly kind: "goOn"; readonly epochs: number | null; readonly runtime: LearnSettings["runtime"] }
  /** After the step in hand. */
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  /** Ends after the step in hand, and keeps what was learned: `finished` follows. Also ends a pause. */
  | { readonly kind: "stop" }
  /** Lets go of a run that has ended here: to go on is then to go on with what is stored. */
  | { readonly kind: "leave" }
  /** Answered by `stored`. */
  | { readonly kind: "stored" }
  /** Removes what is stored. Answered by `stored` with null. */
  | { readonly kind: "forget" }
  /** Answered by `folder`: the run as the step in hand leaves it. */
  | { readonly kind: "pack" }
  /** Answered by `collection`. */
  | { readonly kind: "collection" };

/** Pictures by their row in `Ready.ids`, with the cosine to another, in [-1, 1]. */
export interface Neighbour {
  readonly row: number;
  readonly similarity: number;
}

/** A picture and the rows of the bank nearest to its own, most similar first, itself left out. */
export interface Strip {
  readonly row: number;
  readonly nearest: readonly Neighbour[];
}

/** Thumbnails of the rows that strips show, so that a page draws them without the files: PNG, square. */
export interface Thumbnail {
  readonly row: number;
  readonly picture: Blob;
}

export type FromLearnWorker =
  /** How far a stage is. @param what "reading the pictures", "building the network", "filling the bank" … */
  | { readonly kind: "stage"; readonly what: string; readonly done: number; readonly total: number }
  | {
      readonly kind: "ready";
      /** Of the folder of the pictures. */
      readonly name: string;
      /** Those that can be read. */
      readonly pictures: number;
      /** Path of every row of the bank; what is broken has a row too, as in `train`. */
      readonly ids: readonly string[];
      readonly broken: readonly BrokenFile[];
      readonly runtime: "webgpu" | "wasm";
      /** Why it is not the faster one, for a person; null: it is what was asked for. */
      readonly runtimeNote: string | null;
      readonly settings: SettledSettings;
      /** Loss of every step done before, nats: of a run that goes on; else none. */
      readonly losses: readonly number[];
    }
  | {
      readonly kind: "step";
      /** Steps done, from 1. */
      readonly step: number;
      readonly steps: number;
      /** Of this step, from 1. */
      readonly epoch: number;
      /** Nats. */
      readonly loss: number;
      readonly learningRate: number;
      /** Of late; pauses do not count. */
      readonly picturesPerSecond: number;
      /** Of learning, pauses not counted. */
      readonly secondsLeft: number;
    }
  | {
      readonly kind: "epoch";
      /** Done. 0: before the first step. */
      readonly epoch: number;
      /** Mean over the epoch, nats; null: before the first step. */
      readonly loss: number | null;
      /** Always of the same pictures. */
      readonly strips: readonly Strip[];
      /** Of rows in `strips` that were not sent before. */
      readonly thumbnails: readonly Thumbnail[];
    }
  | { readonly kind: "paused"; readonly step: number }
  | { readonly kind: "resumed"; readonly step: number }
  | {
      readonly kind: "finished";
      /** Done in all. */
      readonly epochs: number;
      readonly step: number;
      readonly steps: number;
      /** Mean over the last whole epoch, or over the steps where there is none, nats; null: no step was done. */
      readonly loss: number | null;
      /** Of this sitting, pauses not counted. */
      readonly seconds: number;
      /** true: ended by `stop`. */
      readonly stopped: boolean;
    }
  /** What a person should know, such as that nothing can be stored. */
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "stored"; readonly run: StoredRun | null }
  /** @param name of the folder in it, and of the file without ".zip" */
  | { readonly kind: "folder"; readonly name: string; readonly zip: Blob }
  | { readonly kind: "collection"; readonly files: MemoryCollection }
  /** Of a start or what goes on, or of the question in `of`. The checkpoint that is stored stays. */
  | { readonly kind: "failed"; readonly of: ToLearnWorker["kind"]; readonly error: PackedError };

/** What is told without being asked for. */
export type LearnEvent = Exclude<FromLearnWorker, { kind: "stored" | "folder" | "collection" }>;
