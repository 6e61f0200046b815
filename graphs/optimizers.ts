/** @file The optimizers one can ask for by name. */

import type { Value } from "../src/ir/graph.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import { adamw, adamwStep, type AdamwConfig } from "./adamw.js";
import { lars, type LarsConfig } from "./lars.js";
import { sgd, type SgdConfig } from "./sgd.js";

export const OPTIMIZERS = ["sgd", "adamw", "lars"] as const;
export type OptimizerConfig = SgdConfig | AdamwConfig | LarsConfig;

export interface Update {
  /** A parameter, input of the graph. */
  readonly weight: Value;
  /** Of the loss by it. */
  readonly gradient: Value;
}

/**
 * Adds the optimizer's state as inputs, and its values and those of the parameters after the step as outputs.
 * @param rate learning rate, [] float32
 */
export function optimize(
  builder: GraphBuilder,
  updates: readonly Update[],
  rate: Value,
  config: OptimizerConfig,
): void {
  const update = updater(builder, rate, config);
  for (const { weight, gradient } of updates) update(weight, gradient);
}

function updater(
  builder: GraphBuilder,
  rate: Value,
  config: OptimizerConfig,
): (weight: Value, gradient: Value) => void {
  switch (config.name) {
    case "sgd":
      return (weight, gradient) => sgd(builder, weight, gradient, rate, config);
    case "lars":
      return (weight, gradient) => lars(builder, weight, gradient, rate, config);
    case "adamw": {
      const step = adamwStep(builder, rate, config);
      return (weight, gradient) => adamw(builder, weight, gradient, step, config);
    }
  }
}
