/** @file The training steps that are measured, and what both sides of a comparison are given of each. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../src/artifact/manifest.js";
import { buildArtifact, FILES, type BuiltArtifact } from "../../src/build/buildArtifact.js";
import { initializeUnitBank } from "../../src/build/initialize.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import type { TuneMode } from "../../src/artifact/tuneMode.js";
import { RandomStream } from "../../src/random/philox.js";
import { drawNoise } from "../../src/train/noise.js";

export const INSTANCES = 50_000;
const NEGATIVES = 4096;
const LARGE = { stem: "imagenet", imageSize: 224, batchSize: 16 } as const;
/** Small, since every step takes the same batch. */
const LEARNING_RATE = 0.001;
/** Steps at the start whose losses must agree; they are the warm-up. */
export const CHECKED_STEPS = 3;
export const SEED = 0;

export interface StepCase {
  readonly name: string;
  readonly recipe: Recipe;
}

/** The options that choose cases, for parseArgs. */
export const CASE_OPTIONS = {
  arch: { type: "string", default: "resnet18" },
  width: { type: "string", default: "64,16" },
  objective: { type: "string", default: "softmax,nce" },
  /** Default: 128, and 16 at 224 px. */
  "batch-size": { type: "string" },
  /** How our graph is fitted to the machine: off, fast or full. */
  tune: { type: "string", default: "full" },
} as const;

export interface GivenCases {
  readonly arch: string;
  readonly width: string;
  readonly objective: string;
  readonly "batch-size"?: string | undefined;
}

/** All combinations of what is named with commas between. ResNet-50 has its own width and size, and the softmax. */
export function chosenCases({ arch, width, objective, "batch-size": batch }: GivenCases): StepCase[] {
  const given = batch === undefined ? {} : { batchSize: Number(batch) };
  return arch.split(",").flatMap((name) => {
    if (name === "resnet50") return [stepCase({ arch: name, width: 64, ...LARGE, ...given }, "softmax")];
    return objective
      .split(",")
      .flatMap((of) =>
        width.split(",").map((one) => stepCase({ arch: name, width: Number(one), ...given }, of)),
      );
  });
}

function stepCase(network: Partial<Recipe>, objective: string): StepCase {
  if (objective !== "softmax" && objective !== "nce")
    throw new Error(`--objective: found ${objective}, expected softmax or nce`);
  const defaults = OBJECTIVE_DEFAULTS[objective];
  const chosen = defaults.name === "nce" ? { ...defaults, negatives: NEGATIVES } : defaults;
  const recipe: Recipe = { ...DEFAULT_RECIPE, ...network, objective: chosen };
  const { arch, width, imageSize } = recipe;
  return { name: `${arch}, width ${width}, ${imageSize} px, ${objective}`, recipe };
}

export function buildStep(recipe: Recipe): BuiltArtifact {
  const { imageSize } = recipe;
  const preprocessing: Manifest["preprocessing"] = {
    imageSize,
    resize: imageSize,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
  return buildArtifact({ recipe, preprocessing, seed: SEED });
}

/** ln Z that NCE is given: about that of an untrained network. */
const LOG_NORMALIZER = Math.log(2 * INSTANCES);

/** Rows in the bank of the one batch that all steps take. */
function batchRows(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, at) => (at * 104_729) % INSTANCES);
}

/** Noise rows of a step, [B, m]. */
function noiseRows(recipe: Recipe, step: number): BigInt64Array {
  const rows = new BigInt64Array(recipe.batchSize * NEGATIVES);
  const rule = { instances: INSTANCES, negatives: NEGATIVES, ...OBJECTIVE_DEFAULTS.nce.noise };
  drawNoise(rule, batchRows(recipe.batchSize), SEED, step, rows);
  return rows;
}

/** Noise, [B, 3, S, S] */
export function makePixels({ batchSize, imageSize }: Recipe): Float32Array<ArrayBuffer> {
  const stream = new RandomStream(SEED, "pixels");
  const pixels = new Float32Array(batchSize * 3 * imageSize ** 2);
  for (let at = 0; at < pixels.length; at++) pixels[at] = stream.normal();
  return pixels;
}

/** case.json */
export interface StepFacts {
  readonly recipe: Recipe;
  readonly instances: number;
  readonly logNormalizer: number;
  readonly learningRate: number;
  readonly threads: number;
  readonly tune: TuneMode;
}

/**
 * Writes what both sides read: case.json, state.safetensors (initial weights), pixels.f32 [B, 3, S, S], bank.f32 [n, D],
 * rows.i64 [B], and for NCE noise.i64 [steps, B, m] of the checked steps. Raw numbers are little-endian.
 */
export function writeCase(
  { recipe }: StepCase,
  folder: string,
  { threads, tune }: Pick<StepFacts, "threads" | "tune">,
): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, data: NodeJS.ArrayBufferView) => writeFileSync(join(folder, name), data);
  const { batchSize, embeddingDim, objective } = recipe;
  write("pixels.f32", makePixels(recipe));
  write("bank.f32", initializeUnitBank(INSTANCES, embeddingDim, SEED));
  write("rows.i64", BigInt64Array.from(batchRows(batchSize), BigInt));
  write(FILES.state, buildStep(recipe).files.get(FILES.state)!);
  if (objective.name === "nce") {
    const steps = Array.from({ length: CHECKED_STEPS }, (_, step) => noiseRows(recipe, step));
    write("noise.i64", Buffer.concat(steps.map(({ buffer }) => new Uint8Array(buffer))));
  }
  const facts: StepFacts = {
    recipe,
    instances: INSTANCES,
    logNormalizer: LOG_NORMALIZER,
    learningRate: LEARNING_RATE,
    threads,
    tune,
  };
  writeFileSync(join(folder, "case.json"), JSON.stringify(facts));
}
