/**
 * @file What the loader and its worker threads say to each other. Batches are transferred, never shared: ONNX
 * Runtime refuses tensors over a SharedArrayBuffer. Only the decoded pictures that are kept are shared.
 */

import type { PackedError } from "../errors.js";
import type { DataSource } from "./dataset.js";
import type { PictureStore } from "./pictureCache.js";
import type { TransformOptions } from "./transform.js";

/** A picture that could not be read. */
export interface BrokenPicture {
  readonly row: number;
  /** Path inside the set, or number. */
  readonly id: string;
  readonly reason: string;
}

/** Everything a worker needs to know of the loader that it works for. */
export interface WorkerSetup {
  readonly source: DataSource;
  readonly transform: TransformOptions;
  /** A picture that cannot be read is an error. */
  readonly strict: boolean;
  /** Where all workers keep decoded pictures; null keeps none. */
  readonly store: PictureStore | null;
}

export interface MakeBatch {
  readonly kind: "make";
  readonly step: number;
  readonly epoch: number;
  /** Rows of the pictures wanted, at most batchSize of them. */
  readonly rows: Int32Array<ArrayBuffer>;
  readonly pixelValues: Float32Array<ArrayBuffer>; // [batchSize, 3, imageSize, imageSize], to be written
}

/**
 * "begin": work for this loader. "leave": finish the pictures in hand and forget the loader; answered with "left".
 * "stop": the same, and end the thread.
 */
export type ToWorker =
  | { readonly kind: "begin"; readonly setup: WorkerSetup }
  | MakeBatch
  | { readonly kind: "leave" }
  | { readonly kind: "stop" };

export interface MadeBatch {
  readonly kind: "made";
  readonly step: number;
  readonly pixelValues: Float32Array<ArrayBuffer>;
  /** As asked for, but for those that another picture took the place of. */
  readonly rows: Int32Array<ArrayBuffer>;
  readonly broken: readonly BrokenPicture[];
}

export type FromWorker =
  | MadeBatch
  | { readonly kind: "failed"; readonly step: number; readonly error: PackedError }
  | { readonly kind: "left" };
