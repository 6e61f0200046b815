/** @file Stochastic gradient descent with momentum and weight decay. */

import type { Value } from "../src/ir/graph.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import { momentumName, nextName } from "./names.js";

export interface SgdConfig {
  /** µ in [0, 1) */
  readonly momentum: number;
  /** λ ≥ 0, on every parameter, biases and batch normalization included */
  readonly weightDecay: number;
}

/**
 * b ← µ·b + g + λ·w; w ← w - rate·b. Adds the velocity b as an input and both new values as outputs.
 * @param rate learning rate, [] float32
 * Source: torch.optim.SGD
 */
export function sgd(
  builder: GraphBuilder,
  weight: Value,
  gradient: Value,
  rate: Value,
  config: SgdConfig,
): void {
  const { op } = builder;
  const velocity = builder.input(momentumName(weight.name), weight.dtype, weight.shape);
  builder.scope(`sgd/${weight.name}`, () => {
    const decayed =
      config.weightDecay === 0 ? gradient : op.add(gradient, op.scale(weight, config.weightDecay));
    const next = op.add(op.scale(velocity, config.momentum), decayed);
    builder.output(nextName(velocity.name), next);
    builder.output(nextName(weight.name), op.sub(weight, op.mul(rate, next)));
  });
}
