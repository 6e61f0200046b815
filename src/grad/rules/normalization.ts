/** @file Gradients of batch normalization. Below, i = 1/√(var + epsilon) and sums run over all but channels. */

import type { Value } from "../../ir/graph.js";
import type { normalizationShapes } from "../../ops/normalization.js";
import type { GradContext, GradRules } from "../rule.js";

const perMap = (x: Value): number[] => x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);

/** [C] viewed so that it broadcasts over the channels of x. */
function overChannels({ op, inputs: { X } }: GradContext<"BatchNormalization">, value: Value): Value {
  return op.unsqueeze(value, perMap(X));
}

export const normalizationRules = {
  // Y = (X - mean)·i·scale + B, all given: dX = dY·i·scale, dScale = i·Σ dY·(X - mean), dB = Σ dY,
  // dMean = -i·scale·Σ dY, dVar = -½·i³·scale·Σ dY·(X - mean)
  BatchNormalization: (ctx) => {
    const { op, inputs, attributes, dY } = ctx;
    const { X, scale, mean } = inputs;
    const inverse = () => op.reciprocal(op.sqrt(op.add(inputs.var, op.scalar(attributes.epsilon, X))));
    const gain = () => op.mul(scale, inverse());
    const sum = () => op.reduceSum(dY, perMap(X));
    const moment = () => op.reduceSum(op.mul(dY, op.sub(X, overChannels(ctx, mean))), perMap(X));
    return {
      X: () => op.mul(dY, overChannels(ctx, gain())),
      scale: () => op.mul(moment(), inverse()),
      B: sum,
      mean: () => op.neg(op.mul(gain(), sum())),
      var: () => op.scale(op.mul(op.mul(gain(), op.mul(inverse(), inverse())), moment()), -0.5),
    };
  },
  BatchNormalizationTraining: ({
    op,
    inputs: { X, scale },
    outputs: { mean, var: variance },
    attributes,
    dY,
  }) => {
    let gradients: ReturnType<typeof op.batchNormalizationGradient> | undefined;
    const all = () =>
      (gradients ??= op.batchNormalizationGradient(dY, X, { scale, mean, variance }, attributes.epsilon));
    return { X: () => all().dX, scale: () => all().dScale, B: () => all().dB };
  },
  BatchNormalizationGradient: {
    noGradient: "second derivatives through batch normalization are not needed by any objective here",
  },
} satisfies GradRules<keyof typeof normalizationShapes>;
