/**
 * @file LARS: every layer steps by a share of its own length, for large batches.
 * Source: You, Gitman, Ginsburg, Large Batch Training of Convolutional Networks, 2017, algorithm 1
 */

import type { Value } from "../src/ir/graph.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import type { OpBuilder } from "../src/ops/table.js";
import { momentumName, nextName } from "./names.js";
import { isNormOrBias } from "./weightDecay.js";

export interface LarsConfig {
  readonly name: "lars";
  /** µ in [0, 1) */
  readonly momentum: number;
  /** λ ≥ 0; never on biases and normalizations. */
  readonly weightDecay: number;
  /** η > 0: length of a step, as a share of the length of the weights, at learning rate 1. */
  readonly trustCoefficient: number;
}

/**
 * b ← µ·b + rate·r·(g + λ·w); w ← w - b, with r = η·‖w‖ / (‖g‖ + λ·‖w‖). The rate is inside the velocity, as in the
 * paper. Biases and normalizations have r = 1 and λ = 0; so has a layer whose weights or gradient are all zero r = 1.
 * @param rate learning rate, [] float32
 */
export function lars(
  builder: GraphBuilder,
  weight: Value,
  gradient: Value,
  rate: Value,
  config: LarsConfig,
): void {
  const { op } = builder;
  const velocity = builder.input(momentumName(weight.name), weight.dtype, weight.shape);
  builder.scope(`lars/${weight.name}`, () => {
    const plain = isNormOrBias(weight);
    const step = plain ? op.mul(rate, gradient) : scaledStep(op, weight, gradient, rate, config);
    const next = op.add(op.scale(velocity, config.momentum), step);
    builder.output(nextName(velocity.name), next);
    builder.output(nextName(weight.name), op.sub(weight, next));
  });
}

function scaledStep(op: OpBuilder, weight: Value, gradient: Value, rate: Value, config: LarsConfig): Value {
  const { weightDecay, trustCoefficient } = config;
  const decayed = weightDecay === 0 ? gradient : op.add(gradient, op.scale(weight, weightDecay));
  const length = op.sqrt(op.reduceSumSquare(weight)); // []
  const slope = op.sqrt(op.reduceSumSquare(gradient)); // []
  const [zero, one] = [op.scalar(0, weight), op.scalar(1, weight)];
  const sum = op.add(slope, op.scale(length, weightDecay));
  const positive = op.greater(sum, zero);
  const ratio = op.div(op.scale(length, trustCoefficient), op.where(positive, sum, one));
  const trust = op.where(op.greater(length, zero), op.where(op.greater(slope, zero), ratio, one), one); // []
  return op.mul(op.mul(rate, trust), decayed);
}
