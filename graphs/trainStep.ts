/** @file One whole training step as a graph: forward, loss, gradients, optimizer, statistics, new bank rows. */

import { differentiate, gradientName } from "../src/grad/differentiate.js";
import type { Graph } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";
import { bankUpdate } from "./bankUpdate.js";
import { encode, type EncoderConfig } from "./encoder.js";
import { addObjective, bankInput, type ObjectiveConfig } from "./objectives.js";
import { optimize, type OptimizerConfig } from "./optimizers.js";

export interface TrainStepConfig extends EncoderConfig {
  /** B: pictures in a step. Fixed, so that the runtime can plan its buffers. */
  readonly batchSize: number;
  readonly objective: ObjectiveConfig;
  /** Share of the old row in a new bank row, in [0, 1). */
  readonly bankMomentum: number;
  readonly optimizer: OptimizerConfig;
}

/** Of the outputs, those that the loss takes for constants. */
const CONSTANTS = ["log_normalizer_estimate"];

/**
 * Inputs: `pixel_values` [B, 3, H, W]; `rows` int64 [B], the pictures' rows in the bank; those of the objective
 * (`addObjective`), `bank` [instances, D] among them; `learning_rate` []; every parameter, and the optimizer's state.
 * Outputs: `loss` []; `bank_rows` [B, D], to be written to `rows`; `log_normalizer_estimate` [] with NCE; for every
 * state tensor its value after the step.
 */
export function trainStepGraph(config: TrainStepConfig): Graph {
  const forward = forwardGraph(config);
  const trainable = [...forward.parameters.values()].filter((parameter) => parameter.trainable);
  const names = trainable.map(({ value }) => value.name);
  const differentiated = differentiate(forward, "loss", names, CONSTANTS);

  const gradients = new Map(differentiated.outputs.map(({ name, value }) => [name, value]));
  const kept = differentiated.outputs.filter(
    ({ name }) => !names.some((input) => gradientName(input) === name),
  );
  const builder = GraphBuilder.from({ ...differentiated, outputs: kept });
  const rate = builder.input("learning_rate", "float32", []);
  const updates = names.map((name) => ({
    weight: builder.value(name),
    gradient: gradients.get(gradientName(name))!,
  }));
  optimize(builder, updates, rate, config.optimizer);
  return builder.build();
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
