/** @file The same pictures through every runtime there is: does an exported encoder say the same everywhere? */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Picture } from "../data/dataset.js";
import { createTransform } from "../data/transform.js";
import { ArtifactError } from "../errors.js";
import { embedImages } from "../export/embedImages.js";
import { chooseVariants, PRECISIONS } from "../export/variants.js";
import { EXPORT } from "../export/names.js";
import { HUB, readHubFolder } from "../models/hubFolder.js";
import type { Vectors } from "../search/vectors.js";
import { agreementWith, type Compare, type RuntimeAgreement } from "./agreement.js";
import { pythonRunner } from "./python.js";
import type { ModelFile, Pixels, Runner } from "./runner.js";
import { nodeCpu, nodeWebGpu, webWasm } from "./session.js";
import { pipelineVectors, transformers } from "./transformers.js";

/** Smallest cosine to the reference that passes, by what weights are kept in. Halves have 11 bits, int8 weights 8. */
export const LEAST_COSINE = { fp32: 0.9999, fp16: 0.999, int8: 0.97 } as const;

/** What a GPU without half precision says: the file is not for it, and nothing is wrong with the file. */
const NO_HALVES = /requires f16 but the device does not support it/;

export interface VerifyOptions {
  /** That export wrote. */
  readonly folder: string;
  readonly pictures: readonly Picture[];
  /** Interpreter, such as "python3". */
  readonly python: string;
  /** Instead of LEAST_COSINE, for every file. */
  readonly threshold?: number;
  readonly tell?: (doing: string) => void;
}

/** One file in one runtime. */
export interface Checked {
  readonly runtime: string;
  /** null: the runtime is not there. */
  readonly version: string | null;
  readonly file: string;
  /** null: not there, or it failed. */
  readonly agreement: RuntimeAgreement | null;
  /** Least cosine that passes; null: told, not judged. */
  readonly threshold: number | null;
  readonly passed: boolean;
  /** Why there is no agreement. */
  readonly reason?: string;
}

export interface Verification {
  readonly pictures: number;
  /** What all are compared with. */
  readonly reference: string;
  readonly checks: readonly Checked[];
  readonly passed: boolean;
}

/** @throws ArtifactError when the folder holds no exported encoder */
export async function verifyFolder(options: VerifyOptions): Promise<Verification> {
  const { folder, pictures, python, tell } = options;
  const { preprocessing, embeddingDim } = await readHubFolder(folder);
  const files = modelFiles(folder, embeddingDim);
  const [plain] = files;
  if (plain?.precision !== "fp32" || pictures.length === 0) {
    throw new ArtifactError(
      `${folder}: found ${pictures.length} pictures and ${files.map(({ path }) => path).join(", ") || "no model"}, ` +
        `expected pictures and ${HUB.model}; export the folder again`,
    );
  }
  const pixels = pixelsOf(pictures, preprocessing);
  tell?.(`${nodeCpu.name}: ${plain.file}`);
  const compare = await agreementWith(await nodeCpu.encode(plain, pixels));
  const checks: Checked[] = [];
  for (const runner of [nodeCpu, nodeWebGpu, webWasm, transformers, pythonRunner(python)]) {
    checks.push(...(await checkRunner(runner, files, pixels, compare, options)));
  }
  checks.push(...(await checkPreprocessing(options, embeddingDim, compare)));
  const passed = checks.every((check) => check.passed);
  return { pictures: pictures.length, reference: `${nodeCpu.name}, ${plain.file}`, checks, passed };
}

/** Those that are there, the plain one first. */
function modelFiles(folder: string, embeddingDim: number): ModelFile[] {
  return chooseVariants(PRECISIONS)
    .flatMap(({ precision, dtype, file }) =>
      precision === null || dtype === null
        ? []
        : [{ precision, dtype, file, path: join(folder, file), embeddingDim }],
    )
    .filter(({ path }) => existsSync(path));
}

function pixelsOf(
  pictures: readonly Picture[],
  { imageSize, resize, mean, std }: Awaited<ReturnType<typeof readHubFolder>>["preprocessing"],
): Pixels {
  const transform = createTransform({
    transform: { kind: "evaluate", resize },
    ...{ imageSize, mean, std, seed: 0 },
  });
  const length = 3 * imageSize * imageSize;
  const data = new Float32Array(pictures.length * length);
  pictures.forEach((picture, at) => transform(picture, 0, at, data, at * length));
  return { count: pictures.length, imageSize, data };
}

async function checkRunner(
  runner: Runner,
  files: readonly ModelFile[],
  pixels: Pixels,
  compare: Compare,
  { threshold, tell }: VerifyOptions,
): Promise<Checked[]> {
  const runtime = runner.name;
  tell?.(`looking for ${runtime}`);
  const absence = await runner.absence();
  if (absence !== null) {
    const none = { version: null, agreement: null, threshold: null, passed: true, reason: absence };
    return [{ runtime, file: HUB.model, ...none }];
  }
  const version = await runner.version();
  const checks: Checked[] = [];
  for (const file of files) {
    tell?.(`${runtime}: ${file.file}`);
    const least = threshold ?? LEAST_COSINE[file.precision];
    const encode = () => runner.encode(file, pixels);
    checks.push({ runtime, version, file: file.file, ...(await judged(encode, compare, least)) });
  }
  return checks;
}

/** A runtime that fails is a result, and not the end of the others. */
async function judged(
  encode: () => Promise<Vectors>,
  compare: Compare,
  threshold: number | null,
): Promise<Pick<Checked, "agreement" | "threshold" | "passed" | "reason">> {
  try {
    const agreement = await compare(await encode());
    return { agreement, threshold, passed: threshold === null || agreement.cosine.min >= threshold };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!NO_HALVES.test(reason)) return { agreement: null, threshold, passed: false, reason };
    return { agreement: null, threshold, passed: true, reason: "its GPU has no half precision (shader-f16)" };
  }
}

/** Where a runtime prepares the pictures itself: our graph for raw pixels is judged, others' code is only told. */
async function checkPreprocessing(
  { folder, pictures, threshold, tell }: VerifyOptions,
  dim: number,
  compare: Compare,
): Promise<Checked[]> {
  const checks: Checked[] = [];
  if (existsSync(join(folder, EXPORT.image))) {
    tell?.(`${nodeCpu.name}: ${EXPORT.image}`);
    const least = threshold ?? LEAST_COSINE.fp16;
    const found = await judged(() => imageVectors(folder, pictures, dim), compare, least);
    checks.push({ runtime: nodeCpu.name, version: await nodeCpu.version(), file: EXPORT.image, ...found });
  }
  if ((await transformers.absence()) === null) {
    const runtime = `${transformers.name}, own preprocessing`;
    tell?.(runtime);
    const found = await judged(() => pipelineVectors(folder, pictures, dim), compare, null);
    checks.push({ runtime, version: await transformers.version(), file: HUB.model, ...found });
  }
  return checks;
}

/** model_image.onnx, a picture at a time. */
async function imageVectors(folder: string, pictures: readonly Picture[], dim: number): Promise<Vectors> {
  const where = join(folder, EXPORT.image);
  const model = new Uint8Array(await readFile(where));
  return embedImages(
    { model, where, dim },
    { count: pictures.length, at: (row) => Promise.resolve(pictures[row]!) },
  );
}
