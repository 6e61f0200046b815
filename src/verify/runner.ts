/** @file What can run an exported encoder: one file a kind of runtime; verify.ts lists them. */

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

/** Pictures a run. */
const BATCH = 16;

/** @param run takes [size, 3, imageSize, imageSize] and gives [size, dim] */
export async function inBatches(
  { count, imageSize, data: pixels }: Pixels,
  dim: number,
  run: (
    input: Float32Array<ArrayBuffer>,
    shape: readonly [number, 3, number, number],
  ) => Promise<Float32Array>,
): Promise<Vectors> {
  const length = 3 * imageSize * imageSize;
  const data = new Float32Array(count * dim);
  for (let first = 0; first < count; first += BATCH) {
    const size = Math.min(BATCH, count - first);
    const input = pixels.slice(first * length, (first + size) * length);
    data.set(await run(input, [size, 3, imageSize, imageSize]), first * dim);
  }
  return { count, dim, data };
}
