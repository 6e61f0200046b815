/**
 * @file Gradients of convolutions. Convolution is linear in the picture and in the weights, and so are its two
 * gradients: the three operators differentiate into each other.
 */

import type { Value } from "../../ir/graph.js";
import type { convolutionShapes } from "../../ops/convolution.js";
import type { GradRules } from "../rule.js";

/** Height and width of feature maps, kernel height and width of weights: known, the shape rule saw to it. */
const lastTwo = (x: Value): readonly number[] => x.shape.slice(2) as number[];

export const convolutionRules = {
  // Y = W * X + B
  Conv: ({ op, inputs: { X, W }, attributes, dY }) => ({
    X: () => op.convInputGradient(dY, W, { ...attributes, inputSize: lastTwo(X) }),
    W: () => op.convWeightGradient(dY, X, { ...attributes, kernelShape: lastTwo(W) }),
    B: () => op.reduceSum(dY, [0, 2, 3]),
  }),
  // Y is the input gradient of a convolution whose output gradient is X
  ConvTranspose: ({ op, inputs: { X, W }, attributes: { outputPadding: _, ...attributes }, dY }) => ({
    X: () => op.conv(dY, W, attributes),
    W: () => op.convWeightGradient(X, dY, { ...attributes, kernelShape: lastTwo(W) }),
  }),
  ConvInputGradient: ({ op, inputs, attributes: { inputSize: _, ...attributes }, dY }) => ({
    dY: () => op.conv(dY, inputs.W, attributes),
    W: () => op.convWeightGradient(inputs.dY, dY, { ...attributes, kernelShape: lastTwo(inputs.W) }),
  }),
  ConvWeightGradient: ({ op, inputs, attributes: { kernelShape: _, ...attributes }, dY }) => ({
    dY: () => op.conv(inputs.X, dY, attributes),
    X: () => op.convInputGradient(inputs.dY, dY, { ...attributes, inputSize: lastTwo(inputs.X) }),
  }),
} satisfies GradRules<keyof typeof convolutionShapes>;
