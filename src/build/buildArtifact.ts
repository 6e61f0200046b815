/** @file From a recipe to everything that training needs: graphs as ONNX, initial weights, the manifest. */

import {
  accumulatedName,
  accumulateStepGraph,
  bankInitGraph,
  encoderGraph,
  isAccumulator,
  isOptimizerState,
  nextName,
  normalizerGraph,
  trainStepGraph,
  type TrainStepConfig,
} from "../../graphs/index.js";
import type { Manifest, ManifestTensor, TensorRole } from "../artifact/manifest.js";
import type { ManifestDraft } from "../artifact/node.js";
import { writeSafetensors } from "../artifact/safetensors.js";
import { encodeModel, IR_VERSION, OPSET, PRODUCER } from "../codec/encode.js";
import type { Graph, Value } from "../ir/graph.js";
import { fromFloat32, type RawTensor } from "../ir/rawTensor.js";
import { lower } from "../lower/lower.js";
import { cpu } from "../lower/targets/cpu.js";
import { initializeParameters } from "./initialize.js";
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

export interface BuildOptions {
  readonly recipe: Recipe;
  readonly preprocessing: Manifest["preprocessing"];
  readonly seed: number;
}

export interface BuiltArtifact {
  readonly manifest: ManifestDraft;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Builds train_step.onnx, bank_init.onnx, encoder.onnx (with the initial weights), state.safetensors and, where the
 * recipe needs them, accumulate_step.onnx and normalizer.onnx.
 * Equal options give equal bytes.
 * @throws UsageError when the recipe is out of range
 */
export function buildArtifact({ recipe, preprocessing, seed }: BuildOptions): BuiltArtifact {
  const config = checkRecipe(recipe);
  const step = lower(trainStepGraph(config), cpu);
  const accumulate = config.accumulation === 1 ? null : lower(accumulateStepGraph(config), cpu);
  const bankInit = lower(bankInitGraph(config, config.batchSize), cpu);
  const normalizer = normalizerOf(config);
  const encoder = lower(encoderGraph(config), cpu);
  const weights = new Map(
    [...initializeParameters(step, seed)].map(([name, data]): [string, RawTensor] => [
      name,
      fromFloat32(data, step.parameters.get(name)!.value.shape as readonly number[]),
    ]),
  );
  const weightsOf = (graph: Graph) => new Map([...weights].filter(([name]) => graph.parameters.has(name)));
  const metadata = describeRecipe(recipe, preprocessing);
  const encode = (graph: Graph, docString: string, tensors = new Map<string, RawTensor>()) =>
    encodeModel(graph, { producerVersion: VERSION, docString, metadata, tensors });
  return {
    manifest: {
      format: "onnx-instdisc",
      formatVersion: 1,
      producer: { name: PRODUCER, version: VERSION },
      seed,
      opset: OPSET,
      irVersion: IR_VERSION,
      recipe,
      preprocessing,
      data: null,
      tensors: describeTensors(step),
    },
    files: new Map([
      [
        FILES.trainStep,
        encode(step, "One training step: forward, loss, gradients, optimizer, new bank rows."),
      ],
      ...(accumulate
        ? [[FILES.accumulateStep, encode(accumulate, "A batch of a step that is not its last.")] as const]
        : []),
      [FILES.bankInit, encode(bankInit, "Embeddings by batch statistics, to fill the bank before training.")],
      ...(normalizer
        ? [[FILES.normalizer, encode(normalizer, "ln Z of NCE from a batch, before training.")] as const]
        : []),
      [FILES.encoder, encode(encoder, "Pictures to unit vectors.", weightsOf(encoder))],
      [FILES.state, writeSafetensors({ tensors: weights, metadata: { format: "pt" } })],
    ]),
  };
}

/** The graph that makes ln Z before the first step; null where nothing needs it. */
function normalizerOf(config: TrainStepConfig): Graph | null {
  const { objective } = config;
  if (objective.name !== "nce" || objective.normalizer.mode === "exact") return null;
  return lower(normalizerGraph({ ...config, ...objective }), cpu);
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

function describeTensors(step: Graph): ManifestTensor[] {
  const outputs = new Set([
    ...step.outputs.map(({ name }) => name),
    // Those of accumulate_step.onnx, where the step reads their sums.
    ...[...step.parameters.keys()].map((name) => nextName(accumulatedName(name))),
  ]);
  const nextOf = new Map(
    step.inputs.map(({ name }) => [name, name === "bank" ? "bank_rows" : nextName(name)]),
  );
  const describe = ({ name, dtype, shape }: Value, role: TensorRole): ManifestTensor => {
    const next = nextOf.get(name);
    return {
      name,
      dtype,
      shape: [...shape],
      role,
      ...(next !== undefined && outputs.has(next) ? { next } : {}),
    };
  };
  const nexts = new Set(nextOf.values());
  return [
    ...step.inputs.map((value) => describe(value, roleOf(step, value.name))),
    ...step.outputs.filter(({ name }) => !nexts.has(name)).map(({ value }) => describe(value, "output")),
  ];
}

function roleOf(step: Graph, name: string): TensorRole {
  const parameter = step.parameters.get(name);
  if (parameter) return parameter.trainable ? "parameter" : "statistic";
  if (name === "bank") return "bank";
  if (isAccumulator(name, step.parameters.keys())) return "accumulator";
  return isOptimizerState(name, step.parameters.keys()) ? "momentum" : "input";
}
