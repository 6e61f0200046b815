/**
 * @file Adam with decoupled weight decay.
 * Source: Loshchilov, Hutter, Decoupled Weight Decay Regularization, ICLR 2019; torch.optim.AdamW
 */

import type { Value } from "../src/ir/graph.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import type { OpBuilder } from "../src/ops/table.js";
import { averageName, CORRECTION_NAMES, nextName, squareName } from "./names.js";
import { decayOf, type WeightDecay } from "./weightDecay.js";

export interface AdamwConfig extends WeightDecay {
  readonly name: "adamw";
  /** β₁ in [0, 1) */
  readonly beta1: number;
  /** β₂ in [0, 1) */
  readonly beta2: number;
  /** ε > 0 */
  readonly epsilon: number;
}

/** What all parameters of a step share. */
export interface AdamwStep {
  /** Learning rate, []. */
  readonly rate: Value;
  /** rate / (1 - β₁ᵗ), [] */
  readonly stepSize: Value;
  /** √(1 - β₂ᵗ), [] */
  readonly root: Value;
}

/** β·average + (1 - β)·x */
const follow = (op: OpBuilder, average: Value, x: Value, beta: number): Value =>
  op.add(op.scale(average, beta), op.scale(x, 1 - beta));

/**
 * Adds the bias corrections as state: 1 - βᵗ is the same moving average, from 0, of a gradient that is always 1. No step
 * number has to be fed, and unlike 1 - βᵗ itself it loses no digits where βᵗ is near 1.
 */
export function adamwStep(builder: GraphBuilder, rate: Value, { beta1, beta2 }: AdamwConfig): AdamwStep {
  const { op } = builder;
  const [first, second] = CORRECTION_NAMES.map((name, at) => {
    const before = builder.input(name, rate.dtype, []);
    const after = builder.scope(name, () => follow(op, before, op.scalar(1, rate), at === 0 ? beta1 : beta2));
    builder.output(nextName(name), after);
    return after;
  }) as [Value, Value];
  return builder.scope("adamw", () => ({ rate, stepSize: op.div(rate, first), root: op.sqrt(second) }));
}

/**
 * a ← β₁·a + (1 - β₁)·g; s ← β₂·s + (1 - β₂)·g²; w ← w·(1 - rate·λ) - stepSize·a / (√s/root + ε). Adds a and s as inputs
 * and the three new values as outputs.
 */
export function adamw(
  builder: GraphBuilder,
  weight: Value,
  gradient: Value,
  { rate, stepSize, root }: AdamwStep,
  config: AdamwConfig,
): void {
  const { op } = builder;
  const average = builder.input(averageName(weight.name), weight.dtype, weight.shape);
  const square = builder.input(squareName(weight.name), weight.dtype, weight.shape);
  builder.scope(`adamw/${weight.name}`, () => {
    const nextAverage = follow(op, average, gradient, config.beta1);
    const nextSquare = follow(op, square, op.mul(gradient, gradient), config.beta2);
    const decay = decayOf(weight, config);
    const kept = op.sub(op.scalar(1, rate), op.scale(rate, decay)); // []
    const decayed = decay === 0 ? weight : op.mul(weight, kept);
    const width = op.add(op.div(op.sqrt(nextSquare), root), op.scalar(config.epsilon, weight));
    builder.output(nextName(average.name), nextAverage);
    builder.output(nextName(square.name), nextSquare);
    builder.output(nextName(weight.name), op.sub(decayed, op.mul(stepSize, op.div(nextAverage, width))));
  });
}
