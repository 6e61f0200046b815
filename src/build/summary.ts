/** @file What an artifact is made of and what it costs, read from its files: the same for a new one and an old one. */

import type { Manifest } from "../artifact/manifest.js";
import { decodeModel, type DecodedModel } from "../codec/decode.js";
import { costOf, type Cost } from "../ir/cost.js";
import { elementBytes } from "../ir/dtype.js";
import { elementCount } from "../ir/shape.js";
import { FILES } from "./buildArtifact.js";

export interface ModelSummary extends Cost {
  readonly nodes: number;
  /** Numbers in trainable parameters, bound or fed. */
  readonly parameters: number;
}

export interface ArtifactSummary {
  /** One picture, forward. */
  readonly encoder: ModelSummary;
  /** One step of all its batches, with `instances` rows in the bank; nodes are those of train_step.onnx. */
  readonly trainStep: ModelSummary;
  readonly instances: number;
  /** Parameters, momentum, statistics and accumulated gradients. */
  readonly stateBytes: number;
  readonly bankBytes: number;
}

export function summarizeModel(
  { graph }: DecodedModel,
  sizes: Readonly<Record<string, number>>,
): ModelSummary {
  const trainable = [...graph.parameters.values()].filter((parameter) => parameter.trainable);
  const parameters = trainable.reduce(
    (sum, { value }) => sum + elementCount(value.shape as readonly number[]),
    0,
  );
  return { nodes: graph.nodes.length, parameters, ...costOf(graph, sizes) };
}

const STATE_ROLES: readonly string[] = ["parameter", "momentum", "statistic", "accumulator"];

/** A step with the cost of the batches before its last. */
function withBatches(
  last: ModelSummary,
  accumulate: DecodedModel,
  { recipe }: Pick<Manifest, "recipe">,
  instances: number,
): ModelSummary {
  const one = summarizeModel(accumulate, { instances });
  const flops = last.flops + (recipe.accumulation - 1) * one.flops;
  return { ...last, flops, peakBytes: Math.max(last.peakBytes, one.peakBytes) };
}

/** @throws ArtifactError when a model is missing or damaged */
export function summarizeArtifact(
  manifest: Omit<Manifest, "files">,
  files: ReadonlyMap<string, Uint8Array>,
  instances: number,
): ArtifactSummary {
  const isSingle = manifest.recipe.accumulation === 1;
  const read = (name: string) => decodeModel(files.get(name) ?? new Uint8Array(), name);
  const state = manifest.tensors.filter(({ role }) => STATE_ROLES.includes(role));
  const trainStep = summarizeModel(read(FILES.trainStep), { instances });
  return {
    encoder: summarizeModel(read(FILES.encoder), { batch: 1 }),
    trainStep: isSingle ? trainStep : withBatches(trainStep, read(FILES.accumulateStep), manifest, instances),
    instances,
    stateBytes: state.reduce(
      (sum, { dtype, shape }) => sum + elementBytes(dtype) * elementCount(shape as readonly number[]),
      0,
    ),
    bankBytes: 4 * instances * manifest.recipe.embeddingDim,
  };
}
