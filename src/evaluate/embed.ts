/** @file Vectors of all pictures of a source: by an encoder, or of the pixels themselves. */

import type { Manifest } from "../artifact/manifest.js";
import type { DataSource } from "../data/dataset.js";
import { createLoader, type Batch, type BrokenPicture } from "../data/loader.js";
import type { LoaderPool } from "../data/loaderPool.js";
import { floats, type Session } from "../runtime/session.js";
import { normalizeRows, type Vectors } from "../search/vectors.js";
import type { Provider } from "./provider.js";

/** Raw pixels are compared at this size at most: more pixels cost much and say little. */
const RAW_SIDE = 32;
/** Pictures encoded at once. */
export const EVALUATION_BATCH = 128;

export type Progress = (done: number, total: number) => void;

/** How pictures are read, and how long their vectors are. */
export interface BatchOptions {
  readonly preprocessing: Manifest["preprocessing"];
  readonly embeddingDim: number;
  readonly seed: number;
  readonly dataWorkers: number;
  /** A picture that cannot be read is an error. */
  readonly strictData: boolean;
  /** Default: each set of pictures starts threads of its own, and keeps none of them. */
  readonly pool?: LoaderPool;
}

export interface EmbedOptions extends BatchOptions {
  readonly provider: Provider;
}

/** Network input [count, 3, imageSize, imageSize] to unit vectors. */
export type Encode = (pixels: Float32Array<ArrayBuffer>, count: number) => Promise<Vectors>;

/** One vector for each picture. */
export interface Embedded {
  readonly vectors: Vectors;
  /** Pictures that cannot be read, by row; their vectors mean nothing. */
  readonly broken: ReadonlyMap<number, BrokenPicture>;
}

/** Opens `encoder`, the bytes of encoder.onnx, for as long as `use` takes. */
export async function withEncoder<T>(
  options: EmbedOptions,
  encoder: Uint8Array,
  use: (encode: Encode) => Promise<T>,
): Promise<T> {
  const { embeddingDim: dim, provider } = options;
  const { imageSize } = options.preprocessing;
  const session = await provider.open(encoder, "encoder.onnx");
  try {
    return await use(encodeWith(session, imageSize, "image_embeds", dim));
  } finally {
    await session.close();
  }
}

/** @param dim length of what the encoder gives as `output` */
export function encodeWith(session: Session, imageSize: number, output: string, dim: number): Encode {
  return async (pixels, count) => {
    const pictures = floats([count, 3, imageSize, imageSize], pixels);
    const vectors = floats([count, dim]);
    await session.run(new Map([["pixel_values", pictures]]), new Map([[output, vectors]]));
    return { count, dim, data: vectors.data };
  };
}

/** Calls `use` with every picture of `source`, in order, as the network sees it when it is evaluated. */
async function forEachBatch(
  { preprocessing, seed, dataWorkers, strictData: strict, pool }: BatchOptions,
  source: DataSource,
  side: number,
  use: (pixels: Float32Array<ArrayBuffer>, batch: Batch) => Promise<void> | void,
): Promise<Embedded["broken"]> {
  const { mean, std, imageSize, resize } = preprocessing;
  const transform = { kind: "evaluate", resize: Math.round((resize * side) / imageSize) } as const;
  const options = { source, transform, imageSize: side, mean, std, seed, strict };
  const loader = createLoader({
    ...{ ...options, batchSize: EVALUATION_BATCH, workers: dataWorkers },
    ...(pool && { pool }),
  });
  const length = 3 * side * side;
  const broken = new Map<number, BrokenPicture>();
  try {
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      await use(batch.pixelValues.slice(0, batch.count * length), batch);
      for (const picture of batch.broken) broken.set(picture.row, picture);
      loader.recycle(batch);
    }
  } finally {
    await loader.close();
  }
  return broken;
}

/** Embeddings of consecutive pictures. */
export interface EmbeddedBatch {
  /** Of the first. */
  readonly row: number;
  readonly vectors: Vectors;
  /** Those that cannot be read; their vectors mean nothing. */
  readonly broken: readonly BrokenPicture[];
}

/** Calls `use` with the embeddings of a batch of pictures after the other, in order. */
export async function embedBatches(
  options: BatchOptions,
  encode: Encode,
  source: DataSource,
  use: (batch: EmbeddedBatch) => Promise<void> | void,
): Promise<Embedded["broken"]> {
  const { imageSize } = options.preprocessing;
  return forEachBatch(options, source, imageSize, async (pixels, { count, rows, broken }) =>
    use({ row: rows[0]!, vectors: await encode(pixels, count), broken }),
  );
}

/** Embeddings of all pictures. */
export async function embedAll(
  options: BatchOptions,
  encode: Encode,
  source: DataSource,
  progress: Progress,
): Promise<Embedded> {
  const dim = options.embeddingDim;
  const data = new Float32Array(source.rowCount * dim);
  const broken = await embedBatches(options, encode, source, ({ row, vectors }) => {
    data.set(vectors.data, row * dim);
    progress(row + vectors.count, source.rowCount);
  });
  return { vectors: { count: source.rowCount, dim, data }, broken };
}

/** The pictures themselves as unit vectors, at most 32 pixels wide. */
export async function rawPixels(options: BatchOptions, source: DataSource): Promise<Embedded> {
  const side = Math.min(options.preprocessing.imageSize, RAW_SIDE);
  const dim = 3 * side * side;
  const data = new Float32Array(source.rowCount * dim);
  const broken = await forEachBatch(options, source, side, (pixels, { rows }) =>
    data.set(pixels, rows[0]! * dim),
  );
  return { vectors: normalizeRows({ count: source.rowCount, dim, data }), broken };
}
