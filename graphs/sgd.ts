/** @file Stochastic gradient descent with momentum and weight decay. */

import type { Value } from "../src/ir/graph.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import { momentumName, nextName } from "./names.js";
import { decayOf, type WeightDecay } from "./weightDecay.js";

export interface SgdConfig extends WeightDecay {
  readonly name: "sgd";
  /** µ in [0, 1) */
  readonly momentum: number;
  readonly nesterov: boolean;
}

/**
 * d = g + λ·w; b ← µ·b + d; w ← w - rate·b, with Nesterov w - rate·(d + µ·b). Adds the velocity b as an input and both
 * new values as outputs.
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
    const decay = decayOf(weight, config);
    const decayed = decay === 0 ? gradient : op.add(gradient, op.scale(weight, decay));
    const next = op.add(op.scale(velocity, config.momentum), decayed);
    const step = config.nesterov ? op.add(decayed, op.scale(next, config.momentum)) : next;
    builder.output(nextName(velocity.name), next);
    builder.output(nextName(weight.name), op.sub(weight, op.mul(rate, step)));
  });
}
