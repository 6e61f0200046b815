/**
 * @file Training-mode batch normalization on blocked feature maps. A convolution of each channel with a single weight
 * is a·x + b in one pass over memory; one of whole maps with whole maps is a sum of products. Below, i = 1/√(var +
 * epsilon), n the number of pixels a channel has in the batch.
 */

import type { NodeView, Value } from "../../../ir/graph.js";
import type { OutputsOf } from "../../../ir/opTable.js";
import type { OpBuilder } from "../../../ops/table.js";
import { onesFor, sizesOf } from "./filters.js";

/** Numbers, or products, that one accumulator adds up: sums are made of partial sums, or they would cost digits. */
const LONGEST_SUM = 64;
/** Divides most maps that are larger. */
const RUN = 16;

export function isNormalizationBlockable(x: Value, block: number): boolean {
  return x.dtype === "float32" && x.shape.length === 4 && sizesOf(x)[1] % block === 0;
}

/** gain·x + bias + sum, gain and bias [C]; x and sum in blocks. */
function affine(op: OpBuilder, x: Value, gain: Value, bias: Value | null, sum: Value | null = null): Value {
  const channels = sizesOf(x)[1];
  return op.blockedConv(x, op.reshape(gain, [channels, 1, 1, 1]), { group: channels }, bias, sum);
}

/** Mean over pixels, [N, C]: of means of runs of neighbours, again and again. */
function pixelMeans(op: OpBuilder, x: Value): Value {
  const [batch, channels, height, width] = sizesOf(x);
  let means = x;
  for (let left = height * width; left > 1;) {
    const run = left > LONGEST_SUM && left % RUN === 0 ? RUN : left;
    left /= run;
    means = op.blockedGlobalAveragePool(op.reshape(means, [1, batch * channels * left, 1, run]));
  }
  return op.reshape(means, [batch, channels]);
}

/** Sum over pixels and pictures, [C]. */
function channelSums(op: OpBuilder, x: Value): Value {
  const [, , height, width] = sizesOf(x);
  return op.scale(op.reduceSum(pixelMeans(op, x), [0]), height * width);
}

/** Sum of products over pixels and pictures, [C]. */
function channelDots(op: OpBuilder, a: Value, b: Value): Value {
  const [batch, channels, height, width] = sizesOf(a);
  const parts = height * width > LONGEST_SUM ? height : 1;
  const maps = batch * channels * parts;
  const [pictures, kernels] = [
    op.reshape(a, [1, maps, height / parts, width]),
    op.reshape(b, [maps, 1, height / parts, width]),
  ];
  const dots = op.reshape(op.blockedConv(pictures, kernels, { group: maps }), [batch, channels, parts, 1]);
  return parts > 1 ? channelSums(op, dots) : op.reduceSum(op.reshape(dots, [batch, channels]), [0]);
}

function centred(op: OpBuilder, x: Value, mean: Value): Value {
  return op.blockedConv(op.reorderInput(x), onesFor(op, x), { group: sizesOf(x)[1] }, op.neg(mean));
}

const inverseDeviation = (op: OpBuilder, variance: Value, epsilon: number): Value =>
  op.reciprocal(op.sqrt(op.add(variance, op.scalar(epsilon, variance))));

const pixelsPerChannel = (x: Value): number => sizesOf(x)[0] * sizesOf(x)[2] * sizesOf(x)[3];

export function blockedNormalizationTraining(
  op: OpBuilder,
  { inputs: { X, scale, B }, attributes: { epsilon } }: NodeView<"BatchNormalizationTraining">,
): OutputsOf<"BatchNormalizationTraining", Value> {
  const share = 1 / pixelsPerChannel(X);
  const mean = op.scale(channelSums(op, op.reorderInput(X)), share);
  // Centred first: mean(X²) - mean² would cancel where the mean is large.
  const difference = centred(op, X, mean);
  const variance = op.scale(channelDots(op, difference, difference), share);
  const gain = op.mul(scale, inverseDeviation(op, variance, epsilon));
  return { Y: op.reorderOutput(affine(op, difference, gain, B)), mean, var: variance };
}

/** dB = Σ dY; dScale = i·Σ dY·(X - mean); dX = scale·i·(dY - dB/n - (X - mean)·i·dScale/n). */
export function blockedNormalizationGradient(
  op: OpBuilder,
  {
    inputs: { dY, X, scale, mean, var: variance },
    attributes: { epsilon },
  }: NodeView<"BatchNormalizationGradient">,
): OutputsOf<"BatchNormalizationGradient", Value> {
  const gradients = op.reorderInput(dY);
  const difference = centred(op, X, mean);
  const inverse = inverseDeviation(op, variance, epsilon);
  const dB = channelSums(op, gradients);
  const dScale = op.mul(inverse, channelDots(op, gradients, difference));
  const gain = op.mul(scale, inverse);
  const share = op.scale(gain, -1 / pixelsPerChannel(X));
  const linear = affine(op, difference, op.mul(share, op.mul(inverse, dScale)), op.mul(share, dB));
  return { dX: op.reorderOutput(affine(op, gradients, gain, null, linear)), dScale, dB };
}
