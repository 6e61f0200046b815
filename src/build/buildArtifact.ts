/** @file From a recipe to everything that training needs: graphs as ONNX, initial weights, the manifest. */

import { accumulatedName, isAccumulator, isOptimizerState, nextName } from "../../graphs/index.js";
import type { Manifest, ManifestDraft, ManifestTensor, TensorRole } from "../artifact/manifest.js";
import { writeSafetensors } from "../artifact/safetensors.js";
import { IR_VERSION, OPSET, PRODUCER } from "../codec/encode.js";
import type { Graph, Value } from "../ir/graph.js";
import { fromFloat32, type RawTensor } from "../ir/rawTensor.js";
import { lower } from "../lower/lower.js";
import { cpu } from "../lower/targets/cpu.js";
import { initializeParameters } from "./initialize.js";
import { VERSION } from "../version.js";
import { checkRecipe, type Recipe } from "./recipe.js";
import { encodeGraph, FILES, sourceGraphs, type SourceGraphs } from "./sourceGraphs.js";

export { FILES };

export interface BuildOptions {
  readonly recipe: Recipe;
  readonly preprocessing: Manifest["preprocessing"];
  readonly seed: number;
}

export interface BuiltArtifact {
  readonly manifest: ManifestDraft;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What the files' graphs were before they were lowered for every machine; missing: the artifact was read. */
  readonly sources?: SourceGraphs;
}

/**
 * Builds train_step.onnx, bank_init.onnx, encoder.onnx (with the initial weights), state.safetensors and, where the
 * recipe needs them, accumulate_step.onnx and normalizer.onnx.
 * Equal options give equal bytes.
 * @throws UsageError when the recipe is out of range
 */
export function buildArtifact({ recipe, preprocessing, seed }: BuildOptions): BuiltArtifact {
  const sources = sourceGraphs(checkRecipe(recipe));
  const lowered = new Map([...sources].map(([name, graph]) => [name, lower(graph, cpu)]));
  const step = lowered.get(FILES.trainStep)!;
  const weights = new Map(
    [...initializeParameters(step, seed)].map(([name, data]): [string, RawTensor] => [
      name,
      fromFloat32(data, step.parameters.get(name)!.value.shape as readonly number[]),
    ]),
  );
  const encode = (name: string, graph: Graph): Uint8Array => {
    const bound =
      name === FILES.encoder ? [...weights].filter(([tensor]) => graph.parameters.has(tensor)) : [];
    return encodeGraph(name, graph, { recipe, preprocessing }, new Map(bound));
  };
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
      ...[...lowered].map(([name, graph]) => [name, encode(name, graph)] as const),
      [FILES.state, writeSafetensors({ tensors: weights, metadata: { format: "pt" } })],
    ]),
    sources,
  };
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
