/**
 * @file What the loader and its worker threads say to each other. Buffers are transferred, never shared:
 * ONNX Runtime refuses tensors over a SharedArrayBuffer.
 */

import type { PackedError } from "../errors.js";
import type { DataSource } from "./dataset.js";
import type { TransformOptions } from "./transform.js";

/** workerData: everything a worker needs to know for its whole life. */
export interface WorkerSetup {
  readonly source: DataSource;
  readonly transform: TransformOptions;
  readonly cacheBytes: number;
}

export interface MakeBatch {
  readonly kind: "make";
  readonly step: number;
  readonly epoch: number;
  /** Rows of the pictures wanted, at most batchSize of them. */
  readonly rows: Int32Array<ArrayBuffer>;
  readonly pixelValues: Float32Array<ArrayBuffer>; // [batchSize, 3, imageSize, imageSize], to be written
}

/** "stop": finish the pictures in hand and end the thread. */
export type ToWorker = MakeBatch | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "made"; readonly step: number; readonly pixelValues: Float32Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly step: number; readonly error: PackedError };
