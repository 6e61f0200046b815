/** @file The graphs of a recipe before they are lowered, and how a lowered one becomes a file. */

import {
  accumulateStepGraph,
  bankInitGraph,
  encoderGraph,
  normalizerGraph,
  trainStepGraph,
  type TrainStepConfig,
} from "../../graphs/index.js";
import type { Manifest } from "../artifact/manifest.js";
import { decodeModel } from "../codec/decode.js";
import { encodeModel } from "../codec/encode.js";
import type { Graph } from "../ir/graph.js";
import type { RawTensor } from "../ir/rawTensor.js";
import { lower } from "../lower/lower.js";
import { simplify } from "../lower/simplify.js";
import { cpu } from "../lower/targets/cpu.js";
import { VERSION } from "../version.js";
import { checkRecipe, type Recipe } from "./recipe.js";

export const FILES = {
  trainStep: "train_step.onnx",
  accumulateStep: "accumulate_step.onnx",
  bankInit: "bank_init.onnx",
  encoder: "encoder.onnx",
  normalizer: "normalizer.onnx",
  state: "state.safetensors",
} as const;

/** Simplified, by the names of their files. */
export type SourceGraphs = ReadonlyMap<string, Graph>;

/** What a reader of the file alone is told. */
const DOC_STRINGS: Readonly<Record<string, string>> = {
  [FILES.trainStep]: "One training step: forward, loss, gradients, optimizer, new bank rows.",
  [FILES.accumulateStep]: "A batch of a step that is not its last.",
  [FILES.bankInit]: "Embeddings by batch statistics, to fill the bank before training.",
  [FILES.normalizer]: "ln Z of NCE from a batch, before training.",
  [FILES.encoder]: "Pictures to unit vectors.",
};

/** Every graph that the recipe needs, in the order in which an artifact lists them. */
export function sourceGraphs(config: TrainStepConfig): SourceGraphs {
  const { objective } = config;
  const isEstimated = objective.name === "nce" && objective.normalizer.mode !== "exact";
  const graphs: readonly (readonly [string, Graph])[] = [
    [FILES.trainStep, trainStepGraph(config)],
    ...(config.accumulation === 1 ? [] : [[FILES.accumulateStep, accumulateStepGraph(config)] as const]),
    [FILES.bankInit, bankInitGraph(config, config.batchSize)],
    // What makes ln Z before the first step.
    ...(isEstimated ? [[FILES.normalizer, normalizerGraph({ ...config, ...objective })] as const] : []),
    [FILES.encoder, encoderGraph(config)],
  ];
  return new Map(graphs.map(([name, graph]) => [name, simplify(graph)]));
}

/**
 * What the files of an artifact were lowered from.
 * @returns null where this version builds others from the recipe
 */
export function readSources(recipe: Recipe, files: ReadonlyMap<string, Uint8Array>): SourceGraphs | null {
  const sources = sourceGraphs(checkRecipe(recipe));
  // Beside its graph, a file holds texts and weights, which may be others.
  const bytes = (graph: Graph) => encodeModel(graph, { producerVersion: VERSION });
  const isSame = [...sources].every(([name, source]) => {
    const file = files.get(name);
    if (name === FILES.encoder || file === undefined) return file !== undefined;
    return Buffer.compare(bytes(decodeModel(file, name).graph), bytes(lower(source, cpu))) === 0;
  });
  return isSame ? sources : null;
}

/**
 * @param lowered of the graph that the file is named after
 * @param tensors inputs to bind
 */
export function encodeGraph(
  name: string,
  lowered: Graph,
  { recipe, preprocessing }: Pick<Manifest, "recipe" | "preprocessing">,
  tensors: ReadonlyMap<string, RawTensor> = new Map(),
): Uint8Array {
  const metadata = describeRecipe(recipe, preprocessing);
  return encodeModel(lowered, { producerVersion: VERSION, docString: DOC_STRINGS[name]!, metadata, tensors });
}

/** What a reader of the model file alone would want to know, as ONNX metadata. */
function describeRecipe(recipe: Recipe, preprocessing: Manifest["preprocessing"]): Record<string, string> {
  const texts = Object.entries(recipe)
    .filter(([key, value]) => value !== null && !(key === "accumulation" && value === 1))
    .map(([key, value]): [string, string] => [
      key,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]);
  return { ...Object.fromEntries(texts), preprocessing: JSON.stringify(preprocessing) };
}
