/** @file Gradients of poolings. */

import type { Value } from "../../ir/graph.js";
import type { poolingShapes } from "../../ops/pooling.js";
import type { GradContext, GradRules } from "../rule.js";

/** Height and width of feature maps. */
function mapSize(x: Value, fail: GradContext<"AveragePool">["fail"]): readonly number[] {
  const size = x.shape.slice(2);
  return size.every((dim) => typeof dim === "number")
    ? size
    : fail("height or width is a named dimension, expected sizes");
}

export const poolingRules = {
  MaxPool: ({ op, inputs: { X }, outputs: { Y }, attributes, dY }) => ({
    X: () => op.maxPoolGradient(dY, X, Y, attributes),
  }),
  MaxPoolGradient: {
    noGradient: "second derivatives through max pooling are not needed by any objective here",
  },
  AveragePool: ({ op, inputs: { X }, attributes, dY, fail }) => ({
    X: () => op.averagePoolGradient(dY, { ...attributes, inputSize: mapSize(X, fail) }),
  }),
  AveragePoolGradient: ({ op, attributes: { inputSize: _, ...attributes }, dY }) => ({
    dY: () => op.averagePool(dY, attributes),
  }),
  GlobalAveragePool: ({ op, inputs: { X }, dY, fail }) => ({
    X: () => {
      const [height, width] = mapSize(X, fail);
      return op.expandLike(op.scale(dY, 1 / (height! * width!)), X);
    },
  }),
} satisfies GradRules<keyof typeof poolingShapes>;
