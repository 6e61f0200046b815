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
  /** One step, with `instances` rows in the bank. */
  readonly trainStep: ModelSummary;
  readonly instances: number;
  /** Parameters, momentum and statistics. */
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

/** @throws ArtifactError when a model is missing or damaged */
export function summarizeArtifact(
  manifest: Omit<Manifest, "files">,
  files: ReadonlyMap<string, Uint8Array>,
  instances: number,
): ArtifactSummary {
  const read = (name: string) => decodeModel(files.get(name) ?? new Uint8Array(), name);
  const state = manifest.tensors.filter(({ role }) => ["parameter", "momentum", "statistic"].includes(role));
  return {
    encoder: summarizeModel(read(FILES.encoder), { batch: 1 }),
    trainStep: summarizeModel(read(FILES.trainStep), { instances }),
    instances,
    stateBytes: state.reduce(
      (sum, { dtype, shape }) => sum + elementBytes(dtype) * elementCount(shape as readonly number[]),
      0,
    ),
    bankBytes: 4 * instances * manifest.recipe.embeddingDim,
  };
}
