/** @file Reads test/golden/<case>.json and makes its inputs again. The encoding is told by tools/makeGolden.py. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TrainStepConfig } from "../../graphs/index.js";
import { openDataset } from "../../src/data/dataset.js";
import { locateData } from "../../src/data/locate.js";
import { RandomStream } from "../../src/random/philox.js";

const FOLDER = join(import.meta.dirname, "../../../test/golden");

export interface GoldenTensor {
  readonly shape: readonly number[];
  /** L2, of the whole tensor. */
  readonly norm: number;
  /** base64 of float64 at the sampled positions. */
  readonly values: string;
  readonly float32Error: { readonly sampled: number; readonly whole: number };
}

type GoldenTensors = Readonly<Record<string, GoldenTensor>>;

export interface Golden {
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly case: {
    readonly network: TrainStepConfig["arch"];
    /** Absent: "cifar". */
    readonly stem?: TrainStepConfig["stem"];
    readonly objective: string;
    readonly seed: number;
    readonly width: number;
    readonly dim: number;
    readonly instances: number;
    readonly batch: number;
    readonly steps: number;
    readonly temperature: number;
    readonly learningRate: number;
    readonly momentum: number;
    readonly weightDecay: number;
    readonly bankMomentum: number;
    readonly imageSize: readonly [number, number];
    /** Side of pictures of noise; absent or null: the embedded sample. */
    readonly noiseSize?: number | null;
    readonly pixelMean: number;
    readonly pixelStd: number;
  };
  readonly inputs: {
    readonly parameterCount: number;
    readonly parametersSha256: string;
    readonly bankSha256: string;
    readonly firstBatchSha256: string;
  };
  readonly losses: { readonly float64: readonly number[]; readonly float32: readonly number[] };
  readonly reluKinks: { readonly margin: number; readonly rounding: number; readonly flips: number };
  readonly firstStep: {
    readonly gradients: GoldenTensors;
    readonly runningStatistics: GoldenTensors;
    readonly embeddings: GoldenTensor;
    readonly bankRows: GoldenTensor;
  };
}

export function readGolden(name: string): Golden {
  return readCase(name) as Golden;
}

/** A file of test/golden/, of whatever kind. */
export function readCase(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
}

export function goldenConfig({ case: it }: Pick<Golden, "case">): TrainStepConfig {
  return {
    arch: it.network,
    stem: it.stem === undefined ? "cifar" : it.stem,
    width: it.width,
    imageSize: it.imageSize[0],
    batchSize: it.batch,
    objective: { name: "softmax", temperature: it.temperature, proximal: 0 },
    embeddingDim: it.dim,
    bankMomentum: it.bankMomentum,
    optimizer: {
      name: "sgd",
      momentum: it.momentum,
      nesterov: false,
      weightDecay: it.weightDecay,
      decayNormAndBias: true,
    },
  };
}

function decode(base64: string): Float64Array {
  return new Float64Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
}

export const norm = (numbers: Iterable<number>): number => Math.hypot(...numbers);

/** L2 norm of the recorded numbers. */
export function sampledNorm({ values }: Pick<GoldenTensor, "values">): number {
  return norm(decode(values));
}

/** A norm below which a tensor is zero, but for float64's rounding. */
export const ZERO = 1e-12;

/** Distance from float64 at the recorded positions, relative to its norm there; absolute for a tensor of zeros. */
export function relativeError(
  { case: { seed } }: Pick<Golden, "case">,
  name: string,
  { values }: Pick<GoldenTensor, "values">,
  found: ArrayLike<number>,
): number {
  const truth = decode(values);
  const size = norm(truth);
  const stream = new RandomStream(seed, `sample/${name}`);
  const distances = Array.from(truth, (number) => found[stream.uint32() % found.length]! - number);
  return norm(distances) / (size < ZERO ? 1 : size);
}

export interface GoldenBatch {
  /** [B, 3, H, W] */
  readonly pixelValues: Float32Array<ArrayBuffer>;
  readonly rows: Int32Array;
}

/** Batches by step, from 0. */
export async function goldenBatches(
  golden: Pick<Golden, "case">,
): Promise<(step: number) => Promise<GoldenBatch>> {
  const { batch, instances, imageSize, noiseSize } = golden.case;
  const picture = noiseSize ? noisePicture(golden) : await samplePicture(golden);
  const numbers = 3 * imageSize[0] * imageSize[1];
  return async (step) => {
    const rows = Int32Array.from({ length: batch }, (_, at) => (batch * step + at) % instances);
    const pixelValues = new Float32Array(batch * numbers);
    for (const [at, row] of rows.entries()) pixelValues.set(await picture(row), at * numbers);
    return { pixelValues, rows };
  };
}

type PictureOf = (row: number) => Promise<Float32Array> | Float32Array;

/** Grey pictures of the embedded sample, in three equal channels. */
async function samplePicture({ case: it }: Pick<Golden, "case">): Promise<PictureOf> {
  const dataset = await openDataset((await locateData(null, { seed: 0 })).train);
  return async (row) => {
    const { data } = await dataset.picture(row);
    const grey = Array.from(data, (pixel) => (pixel / 255 - it.pixelMean) / it.pixelStd);
    return Float32Array.from([...grey, ...grey, ...grey]);
  };
}

function noisePicture({ case: it }: Pick<Golden, "case">): PictureOf {
  return (row) => {
    const stream = new RandomStream(it.seed, "pixels", row);
    const numbers = 3 * it.imageSize[0] * it.imageSize[1];
    return Float32Array.from({ length: numbers }, () => Math.sqrt(3) * (2 * stream.uniform() - 1));
  };
}

/** Digest of the arrays' little-endian bytes, one after the other. */
export function sha256(...arrays: readonly Float32Array[]): string {
  const digest = createHash("sha256");
  for (const array of arrays) digest.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return digest.digest("hex");
}
