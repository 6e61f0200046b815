/**
 * @file Z, the sum of exp(v·f/τ) over the whole bank, that turns NCE's similarities into probabilities. It is a
 * constant of the loss: no gradient flows through it. Logarithms throughout: Z itself overflows at low temperatures.
 *
 * A step takes ln Z as its input `log_normalizer` and returns what its own rows say of it as
 * `log_normalizer_estimate`. Which of them the next step is given is the host's affair (src/train/normalizer.ts):
 *
 * | mode    | ln Z of a step | cost |
 * |---|---|---|
 * | first   | the estimate of the first batch, made before the first step; the authors' code | one forward pass |
 * | batches | the same, averaged over the first N batches | N forward passes |
 * | ema     | starts as "first"; after every step Z ← momentum·Z + (1 - momentum)·estimate | nothing more |
 * | exact   | the sum over the whole bank, averaged over the batch, computed in the step itself | O(instances) a step |
 *
 * Source: Wu et al. 2018, equation 8
 */

import type { Graph, Value } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";
import type { OpBuilder } from "../src/ops/table.js";
import { encode, type EncoderConfig } from "./encoder.js";
import { similaritiesInBank, type NoiseForm, type Similarities } from "./similarities.js";

/**
 * ln(n · mean of exp(s/τ)) over the own and the noise rows of the whole batch.
 * @param logNoiseRatio ln(m/n), []
 * @returns [] float32
 */
export function estimateLogNormalizer(
  op: OpBuilder,
  { positive, noise }: Similarities,
  logNoiseRatio: Value,
  temperature: number,
): Value {
  const [batch, negatives] = noise.shape as [number, number];
  const all = op.concat([op.unsqueeze(positive, [1]), noise], 1); // [B, m + 1]
  const logSum = op.reduceLogSumExp(op.scale(all, 1 / temperature), [0, 1]); // []
  const offset = Math.log(negatives) - Math.log(batch * (negatives + 1)); // ln n = ln m - ln(m/n)
  return op.add(op.sub(logSum, logNoiseRatio), op.scalar(offset, logSum));
}

/**
 * ln of Σ_j exp(v_j·f/τ) over the bank, averaged over the batch. Costs as much as the full softmax.
 * @param bank [instances, D]
 * @returns [] float32
 */
export function exactLogNormalizer(
  op: OpBuilder,
  embeddings: Value,
  bank: Value,
  temperature: number,
): Value {
  const batch = embeddings.shape[0] as number;
  const logits = op.gemm(op.scale(embeddings, 1 / temperature), bank, null, { transB: 1 }); // [B, instances]
  const logSum = op.reduceLogSumExp(op.reduceLogSumExp(logits, [1]), [0]); // []
  return op.sub(logSum, op.scalar(Math.log(batch), logSum));
}

export interface NormalizerConfig extends EncoderConfig {
  readonly batchSize: number;
  readonly temperature: number;
  /** m: noise rows for each picture. */
  readonly negatives: number;
  readonly noiseForm: NoiseForm;
}

/**
 * ln Z before the first step: `pixel_values` [B, 3, H, W], `rows` int64 [B], `noise_rows` int64 [B, m],
 * `bank` [instances, D], `log_noise_ratio` [] and the parameters → `log_normalizer_estimate` []. The forward pass is
 * that of training, so the first batch gives what the authors' code sets Z to in its first step.
 */
export function normalizerGraph(config: NormalizerConfig): Graph {
  const { batchSize, imageSize, embeddingDim, negatives, temperature, noiseForm } = config;
  const builder = new GraphBuilder("normalizer");
  const { op } = builder;
  const pictures = builder.input("pixel_values", "float32", [batchSize, 3, imageSize, imageSize]);
  const rows = builder.input("rows", "int64", [batchSize]);
  const bank = builder.input("bank", "float32", ["instances", embeddingDim]);
  const noiseRows = builder.input("noise_rows", "int64", [batchSize, negatives]);
  const logNoiseRatio = builder.input("log_noise_ratio", "float32", []);
  const { embeddings } = encode({ builder, mode: "batch" }, pictures, config);
  const similarities = similaritiesInBank(op, embeddings, bank, op.gather(bank, rows), noiseRows, noiseForm);
  builder.output(
    "log_normalizer_estimate",
    estimateLogNormalizer(op, similarities, logNoiseRatio, temperature),
  );
  return builder.build();
}
