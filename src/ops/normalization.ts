/** @file Batch normalization, per channel of [N, C, H, W] or [N, C]. */

import type { Value } from "../ir/graph.js";
import { showShape, type Dim } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeRules } from "./shapeRule.js";

/** Checks that each of `perChannel` is [C]. */
function channelsOf(
  x: Value,
  perChannel: Readonly<Record<string, Value>>,
  fail: (message: string) => never,
): Dim {
  const channels = x.shape[1];
  if (channels === undefined) return fail(`X is ${showShape(x.shape)}, expected rank 2 or more`);
  for (const [label, value] of Object.entries(perChannel)) {
    if (value.shape.length !== 1 || value.shape[0] !== channels) {
      fail(
        `${label} is ${showShape(value.shape)}, expected [${channels}], the channels of X ${showShape(x.shape)}`,
      );
    }
  }
  return channels;
}

type Normalization = "BatchNormalization" | "BatchNormalizationTraining" | "BatchNormalizationGradient";

export const normalizationShapes = {
  BatchNormalization: ({ inputs: { X, ...perChannel }, fail }) => {
    channelsOf(X, perChannel, fail);
    return { Y: X.shape };
  },
  BatchNormalizationTraining: ({ inputs: { X, ...perChannel }, fail }) => {
    const channels = channelsOf(X, perChannel, fail);
    return { Y: X.shape, mean: [channels], var: [channels] };
  },
  BatchNormalizationGradient: ({ inputs: { dY, X, ...perChannel }, fail }) => {
    const channels = channelsOf(X, perChannel, fail);
    if (showShape(dY.shape) !== showShape(X.shape))
      fail(`dY is ${showShape(dY.shape)}, expected ${showShape(X.shape)}`);
    return { dX: X.shape, dScale: [channels], dB: [channels] };
  },
} satisfies ShapeRules<Normalization>;

export interface NormalizationInputs {
  readonly scale: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
}

export function normalizationOps({ emit }: Emitter) {
  return {
    /** (x - mean) / √(variance + epsilon) · scale + bias, with given statistics [C]. */
    batchNormalization: (x: Value, { scale, bias, mean, variance }: NormalizationInputs, epsilon: number) =>
      emit("BatchNormalization", { X: x, scale, B: bias, mean, var: variance }, { epsilon }).Y,
    /** The same with the batch's own mean and biased variance, which are returned, [C] each. */
    batchNormalizationTraining: (x: Value, scale: Value, bias: Value, epsilon: number) =>
      emit("BatchNormalizationTraining", { X: x, scale, B: bias }, { epsilon }),
    /** Gradients of the training form by x, scale and bias. */
    batchNormalizationGradient: (
      dY: Value,
      x: Value,
      { scale, mean, variance }: Omit<NormalizationInputs, "bias">,
      epsilon: number,
    ) => emit("BatchNormalizationGradient", { dY, X: x, scale, mean, var: variance }, { epsilon }),
  };
}
