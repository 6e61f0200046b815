/** @file One whole training step as a graph: forward, loss, gradients, optimizer, statistics, new bank rows. */

import { differentiate, gradientName } from "../src/grad/differentiate.js";
import type { Graph } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";
import { bankUpdate } from "./bankUpdate.js";
import { encode, type EncoderConfig } from "./encoder.js";
import { sgd, type SgdConfig } from "./sgd.js";
import { softmaxLoss } from "./softmaxLoss.js";

export const OBJECTIVES = ["softmax"] as const;

export interface TrainStepConfig extends EncoderConfig {
  /** B: pictures in a step. Fixed, so that the runtime can plan its buffers. */
  readonly batchSize: number;
  readonly objective: (typeof OBJECTIVES)[number];
  /** τ > 0 */
  readonly temperature: number;
  /** Share of the old row in a new bank row, in [0, 1). */
  readonly bankMomentum: number;
  readonly optimizer: SgdConfig;
}

/**
 * Inputs: `pixel_values` [B, 3, H, W]; `rows` int64 [B], the pictures' rows in the bank; `bank` [instances, D];
 * `learning_rate` []; every parameter, and its velocity.
 * Outputs: `loss` []; `bank_rows` [B, D], to be written to `rows`; for every state tensor its value after the step.
 */
export function trainStepGraph(config: TrainStepConfig): Graph {
  const forward = forwardGraph(config);
  const trainable = [...forward.parameters.values()].filter((parameter) => parameter.trainable);
  const names = trainable.map(({ value }) => value.name);
  const differentiated = differentiate(forward, "loss", names);

  const gradients = new Map(differentiated.outputs.map(({ name, value }) => [name, value]));
  const kept = differentiated.outputs.filter(
    ({ name }) => !names.some((input) => gradientName(input) === name),
  );
  const builder = GraphBuilder.from({ ...differentiated, outputs: kept });
  const rate = builder.input("learning_rate", "float32", []);
  for (const name of names) {
    sgd(builder, builder.value(name), gradients.get(gradientName(name))!, rate, config.optimizer);
  }
  return builder.build();
}

/**
 * Loss, new bank rows and, in training, new statistics; not yet differentiated.
 * @param mode "eval": normalized by the running statistics, which stay as they are
 */
export function forwardGraph(config: TrainStepConfig, mode: "train" | "eval" = "train"): Graph {
  const { batchSize, imageSize, embeddingDim, temperature, bankMomentum } = config;
  const builder = new GraphBuilder("train_step");
  const { op } = builder;
  const pictures = builder.input("pixel_values", "float32", [batchSize, 3, imageSize, imageSize]);
  const rows = builder.input("rows", "int64", [batchSize]);
  const bank = builder.input("bank", "float32", ["instances", embeddingDim]);
  const { embeddings } = encode({ builder, mode }, pictures, config);
  builder.scope("objective", () => {
    const positives = op.gather(bank, rows); // [B, D]
    builder.output("loss", softmaxLoss(op, embeddings, bank, positives, temperature));
    builder.output(
      "bank_rows",
      builder.scope("bank", () => bankUpdate(op, embeddings, positives, bankMomentum)),
    );
  });
  return builder.build();
}
