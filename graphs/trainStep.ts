/**
 * @file One whole training step as a graph: forward, loss, gradients, optimizer, statistics, new bank rows. A step of
 * N > 1 batches is N - 1 runs of accumulateStepGraph and one of trainStepGraph: its gradient is the mean over the batches,
 * as PyTorch's is after N times (loss / N).backward(). Statistics and bank change with every batch, as with the authors'
 * iter_size; batch normalization sees one batch at a time.
 */

import { differentiate, gradientName } from "../src/grad/differentiate.js";
import type { Graph, Value } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";
import { bankUpdate } from "./bankUpdate.js";
import { encode, type EncoderConfig } from "./encoder.js";
import { accumulatedName, nextName } from "./names.js";
import { addObjective, bankInput, type ObjectiveConfig } from "./objectives.js";
import { optimize, type OptimizerConfig, type Update } from "./optimizers.js";

export interface TrainStepConfig extends EncoderConfig {
  /** B: pictures in a step. Fixed, so that the runtime can plan its buffers. */
  readonly batchSize: number;
  readonly objective: ObjectiveConfig;
  /** Share of the old row in a new bank row, in [0, 1). */
  readonly bankMomentum: number;
  readonly optimizer: OptimizerConfig;
  /** N ≥ 1: batches whose gradients make one step; default 1. */
  readonly accumulation?: number;
}

/** Of the outputs, those that the loss takes for constants. */
const CONSTANTS = ["log_normalizer_estimate"];

/**
 * Inputs: `pixel_values` [B, 3, H, W]; `rows` int64 [B], the pictures' rows in the bank; those of the objective
 * (`addObjective`), `bank` [instances, D] among them; every parameter; `learning_rate` []; with accumulation
 * `<parameter>.accumulated`, the sum of accumulateStepGraph over the batches before; and the optimizer's state.
 * Outputs: `loss` []; `bank_rows` [B, D], to be written to `rows`; `log_normalizer_estimate` [] with NCE; for every
 * state tensor its value after the step.
 */
export function trainStepGraph(config: TrainStepConfig): Graph {
  const { builder, updates } = differentiated(config, "train_step");
  const rate = builder.input("learning_rate", "float32", []);
  const { accumulation = 1 } = config;
  const means = accumulation === 1 ? updates : updates.map((update) => addTo(builder, update, accumulation));
  optimize(builder, means, rate, config.optimizer);
  return builder.build();
}

/**
 * A batch of a step that is not its last. Inputs as above, but neither learning rate nor optimizer's state. Outputs: as
 * above, but of the state only the statistics; and `<parameter>.accumulated.next`, the sum with gradient / N added. The sum
 * starts at 0.
 */
export function accumulateStepGraph(config: TrainStepConfig): Graph {
  const { builder, updates } = differentiated(config, "accumulate_step");
  const { accumulation = 1 } = config;
  for (const { weight, gradient } of updates.map((update) => addTo(builder, update, accumulation)))
    builder.output(nextName(accumulatedName(weight.name)), gradient);
  return builder.build();
}

/** The forward pass and its gradients; of the outputs, the gradients are not yet among them. */
function differentiated(
  config: TrainStepConfig,
  name: string,
): { builder: GraphBuilder; updates: readonly Update[] } {
  const forward = forwardGraph(config);
  const trainable = [...forward.parameters.values()].filter((parameter) => parameter.trainable);
  const names = trainable.map(({ value }) => value.name);
  const graph = differentiate(forward, "loss", names, CONSTANTS);

  const gradients = new Map(graph.outputs.map((output) => [output.name, output.value]));
  const kept = graph.outputs.filter((output) => !names.some((input) => gradientName(input) === output.name));
  const builder = GraphBuilder.from({ ...graph, name, outputs: kept });
  const updates = names.map((input) => ({
    weight: builder.value(input),
    gradient: gradients.get(gradientName(input))!,
  }));
  return { builder, updates };
}

/** gradient ← accumulated + gradient / N; adds the sum so far as an input. */
function addTo(builder: GraphBuilder, { weight, gradient }: Update, count: number): Update {
  const { op } = builder;
  const sum: Value = builder.input(accumulatedName(weight.name), weight.dtype, weight.shape);
  const add = () => op.add(sum, op.scale(gradient, 1 / count));
  return { weight, gradient: builder.scope(`accumulate/${weight.name}`, add) };
}

/**
 * Loss, new bank rows and, in training, new statistics; not yet differentiated.
 * @param mode "eval": normalized by the running statistics, which stay as they are
 */
export function forwardGraph(config: TrainStepConfig, mode: "train" | "eval" = "train"): Graph {
  const { batchSize, imageSize, embeddingDim, bankMomentum, objective } = config;
  const builder = new GraphBuilder("train_step");
  const { op } = builder;
  const pictures = builder.input("pixel_values", "float32", [batchSize, 3, imageSize, imageSize]);
  const rows = builder.input("rows", "int64", [batchSize]);
  const bank = objective.name === "parametric" ? null : bankInput(builder, embeddingDim);
  const { embeddings } = encode({ builder, mode }, pictures, config);
  const positives = addObjective(builder, embeddings, rows, objective, bank);
  const update = () => (positives ? bankUpdate(op, embeddings, positives, bankMomentum) : embeddings);
  builder.output(
    "bank_rows",
    builder.scope("objective", () => builder.scope("bank", update)),
  );
  return builder.build();
}
