/** @file The objectives one can ask for by name, and the inputs each adds to a training step. */

import type { Value } from "../src/ir/graph.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import { infonceLossOf } from "./infonceLoss.js";
import { nceLossOf } from "./nceLoss.js";
import { estimateLogNormalizer, exactLogNormalizer } from "./normalizer.js";
import { parametricLoss } from "./parametricLoss.js";
import { proximalLoss } from "./proximalLoss.js";
import { similaritiesInBank, type NoiseForm, type Similarities } from "./similarities.js";
import { softmaxLoss } from "./softmaxLoss.js";

export const OBJECTIVES = ["parametric", "softmax", "nce", "infonce"] as const;
export const NORMALIZERS = ["first", "batches", "ema", "exact"] as const;

export interface ParametricConfig {
  readonly name: "parametric";
  /** n: rows of the weight matrix, fixed with the graph. */
  readonly instances: number;
}

interface WithBank {
  /** τ > 0 */
  readonly temperature: number;
  /** λ ≥ 0 of the proximal term. */
  readonly proximal: number;
}

export interface SoftmaxConfig extends WithBank {
  readonly name: "softmax";
}

interface WithNoise extends WithBank {
  /** m ≥ 1: noise rows for each picture. */
  readonly negatives: number;
  readonly noiseForm: NoiseForm;
  /** Drawn by the host (src/train/noise.ts): the graph takes whatever rows it is given. */
  readonly noise: NoiseConfig;
}

/** Which rows may be drawn as noise for a picture. */
export interface NoiseConfig {
  /** Its own. */
  readonly positive: boolean;
  /** One row more than once. */
  readonly duplicates: boolean;
}

export type NormalizerMode =
  | { readonly mode: "first" | "exact" }
  | { readonly mode: "batches"; readonly batches: number }
  | { readonly mode: "ema"; readonly momentum: number };

export interface NceConfig extends WithNoise {
  readonly name: "nce";
  /** ε ≥ 0 */
  readonly epsilon: number;
  readonly normalizer: NormalizerMode;
}

export interface InfonceConfig extends WithNoise {
  readonly name: "infonce";
}

export type ObjectiveConfig = ParametricConfig | SoftmaxConfig | NceConfig | InfonceConfig;

/** The memory bank, [instances, D]: how many rows it has is known when the graph runs. */
export const bankInput = (builder: GraphBuilder, dim: number): Value =>
  builder.input("bank", "float32", ["instances", dim]);

/** The weights of the parametric softmax; PyTorch would name a class head so. */
export const CLASS_WEIGHTS = "instances.weight";

/**
 * Adds `loss`, and for NCE `log_normalizer_estimate`, to the outputs of a step. Inputs are added as needed:
 * `bank` [instances, D] for all but parametric; `noise_rows` int64 [B, m] for nce and infonce; `log_noise_ratio` [] and,
 * unless Z is exact, `log_normalizer` [] for nce; parameter `instances.weight` [instances, D] for parametric.
 * @param rows int64 [B]
 * @param declared the bank, where it is an input already
 * @returns the pictures' own bank rows [B, D]; null where there is no bank
 */
export function addObjective(
  builder: GraphBuilder,
  embeddings: Value,
  rows: Value,
  config: ObjectiveConfig,
  declared: Value | null = null,
): Value | null {
  const { op } = builder;
  const dim = embeddings.shape[1] as number;
  if (config.name === "parametric") {
    const bound = 1 / Math.sqrt(dim);
    const weights = builder.parameter(CLASS_WEIGHTS, [config.instances, dim], { kind: "uniform", bound });
    builder.output(
      "loss",
      builder.scope("objective", () => parametricLoss(op, embeddings, weights, rows)),
    );
    return null;
  }
  const bank = declared ?? bankInput(builder, dim);
  return builder.scope("objective", () => {
    const positives = op.gather(bank, rows); // [B, D]
    const loss = withBank(builder, embeddings, bank, positives, config);
    const drift = () => proximalLoss(op, embeddings, positives, config.proximal);
    builder.output("loss", config.proximal === 0 ? loss : op.add(loss, drift()));
    return positives;
  });
}

function withBank(
  builder: GraphBuilder,
  embeddings: Value,
  bank: Value,
  positives: Value,
  config: Exclude<ObjectiveConfig, ParametricConfig>,
): Value {
  const { op } = builder;
  if (config.name === "softmax") return softmaxLoss(op, embeddings, bank, positives, config.temperature);
  const noiseRows = builder.input("noise_rows", "int64", [embeddings.shape[0]!, config.negatives]);
  const similarities = similaritiesInBank(op, embeddings, bank, positives, noiseRows, config.noiseForm);
  if (config.name === "infonce") return infonceLossOf(op, similarities, config.temperature);
  return nce(
    builder,
    similarities,
    () => exactLogNormalizer(op, embeddings, bank, config.temperature),
    config,
  );
}

function nce(
  builder: GraphBuilder,
  similarities: Similarities,
  exact: () => Value,
  { temperature, epsilon, normalizer }: NceConfig,
): Value {
  const { op } = builder;
  const logNoiseRatio = builder.input("log_noise_ratio", "float32", []);
  const isExact = normalizer.mode === "exact";
  const estimate = isExact ? exact() : estimateLogNormalizer(op, similarities, logNoiseRatio, temperature);
  const logNormalizer = isExact ? estimate : builder.input("log_normalizer", "float32", []);
  builder.output("log_normalizer_estimate", estimate);
  return nceLossOf(op, similarities, { temperature, epsilon, logNormalizer, logNoiseRatio });
}
