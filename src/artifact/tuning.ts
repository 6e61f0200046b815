/**
 * @file What was measured on a machine: the user's cache of answers, and tuning.json, which says how the graphs beside it
 * came about.
 */

import * as z from "zod";
import { EXECUTION_PROVIDERS } from "../ir/executionProvider.js";
import { PRECISIONS } from "../ir/precision.js";
import { count, sha256Digits } from "./numbers.js";
import { checkSchema, parseJson, type DeepReadonly } from "./schema.js";
import { TUNE_MODES } from "./tuneMode.js";

const machine = z.strictObject({
  /** Such as "linux x64". */
  platform: z.string().min(1),
  /** As it names itself. */
  processor: z.string().min(1),
  provider: z.enum(EXECUTION_PROVIDERS),
  /** Version of its library. */
  onnxruntime: z.string().min(1),
  /** Of the runtime. */
  threads: count,
  /** Channels side by side in the runtime's own layout; null: the layout is not used. */
  blockSize: count.nullable(),
});
/** All that a measurement, and the bits of a result, depend on beside the graph. */
export type Machine = DeepReadonly<z.output<typeof machine>>;

const answer = z.strictObject({
  /** Name of the way that is taken. */
  choice: z.string().min(1),
  /** Names of all ways that were open. */
  among: z.array(z.string().min(1)),
  /** Best time of each that was measured. */
  ms: z.record(z.string(), z.number().min(0)),
  /** How it was found; "off": not measured, for want of time. */
  mode: z.enum(TUNE_MODES),
});
export type Answer = DeepReadonly<z.output<typeof answer>>;

const cache = z.strictObject({
  format: z.literal("onnx-instdisc tuning"),
  formatVersion: z.literal(1),
  /** By machine, then by question. */
  machines: z.record(z.string(), z.record(z.string(), answer)),
});
export type TuningCacheFile = DeepReadonly<z.output<typeof cache>>;

const tunedGraphs = z.strictObject({
  formatVersion: z.literal(1),
  machine,
  mode: z.enum(TUNE_MODES),
  /** Of convolutions and products; missing: a run from before there was a choice. */
  precision: z.enum(PRECISIONS).default("fp32"),
  /** Of sessions, under the runtime's names. */
  sessionOptions: z.record(z.string(), z.string()),
  /** Name of the way that was taken, by question. */
  choices: z.record(z.string(), z.string()),
  /** The graphs beside this file. */
  files: z.record(z.string(), z.strictObject({ sha256: sha256Digits, sizeBytes: count })),
});
export type TunedGraphsFile = DeepReadonly<z.output<typeof tunedGraphs>>;

/** @throws ArtifactError listing every fault */
export function parseTuningCache(text: string, where: string): TuningCacheFile {
  const remedy = "what it held is measured again, and it is replaced";
  return checkSchema(cache, parseJson(text, where, remedy), where, remedy);
}

/** @throws ArtifactError listing every fault */
export function parseTunedGraphs(text: string, where: string): TunedGraphsFile {
  const remedy = "remove its folder: the graphs are made again";
  return checkSchema(tunedGraphs, parseJson(text, where, remedy), where, remedy);
}
