/** @file What can run an exported encoder. One file a runtime; runners.ts lists them. */

import type { Precision } from "../export/variants.js";
import type { Vectors } from "../search/vectors.js";

/** The same input for every runtime. */
export interface Pixels {
  readonly count: number;
  /** Pixels, height and width. */
  readonly imageSize: number;
  /** [count, 3, imageSize, imageSize] */
  readonly data: Float32Array<ArrayBuffer>;
}

/** A model file of the folder. */
export interface ModelFile {
  readonly path: string;
  /** Inside the folder. */
  readonly file: string;
  readonly precision: Precision;
  /** What transformers.js calls it. */
  readonly dtype: string;
  readonly embeddingDim: number;
}

export interface Runner {
  /** Such as "onnxruntime-web wasm". */
  readonly name: string;
  /** Why it cannot be had here; null: it can. */
  absence(): Promise<string | null>;
  version(): Promise<string>;
  /** @returns image_embeds [count, embeddingDim] */
  encode(model: ModelFile, pixels: Pixels): Promise<Vectors>;
}
