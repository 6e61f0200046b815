/**
 * @file Training-mode batch normalization in ONNX operators that every execution provider has, with few passes
 * over the feature maps: the normalization itself, and the part of its gradient that is linear in X, are both
 * the inference operator fed with other numbers per channel. Below, i = 1/√(var + epsilon), n the number of
 * pixels a channel has in the batch.
 */

import type { NodeView, Value } from "../../ir/graph.js";
import type { OutputsOf } from "../../ir/opTable.js";
import type { OpBuilder } from "../../ops/table.js";

/** All axes but the channels'. */
const mapAxes = (x: Value): number[] => x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);

function pixelsPerChannel(x: Value): number {
  return mapAxes(x).reduce((count, axis) => count * (x.shape[axis] as number), 1);
}

type Reduce = OpBuilder["reduceSum"];
/** From feature maps [N, C, …] to one number a channel, [C]. */
type ChannelReduction = (reduce: Reduce, x: Value) => Value;

const atOnce: ChannelReduction = (reduce, x) => reduce(x, mapAxes(x));

/** Each map on its own, then over the pictures: two reductions over axes that lie side by side. */
const mapsFirst: ChannelReduction = (reduce, x) => {
  const inMap = mapAxes(x).filter((axis) => axis > 1);
  return reduce(reduce(x, inMap), [0]);
};

type Training = NodeView<"BatchNormalizationTraining">;
type Gradient = NodeView<"BatchNormalizationGradient">;

export const batchNormalizationTraining = (op: OpBuilder, node: Training) => training(op, node, atOnce);
export const batchNormalizationGradient = (op: OpBuilder, node: Gradient) => gradient(op, node, atOnce);
export const trainingByMapsFirst = (op: OpBuilder, node: Training) => training(op, node, mapsFirst);
export const gradientByMapsFirst = (op: OpBuilder, node: Gradient) => gradient(op, node, mapsFirst);

function training(
  op: OpBuilder,
  { inputs: { X, scale, B }, attributes: { epsilon } }: Training,
  reduction: ChannelReduction,
): OutputsOf<"BatchNormalizationTraining", Value> {
  const axes = mapAxes(X);
  const mean = reduction(op.reduceMean, X);
  // Centred first: mean(X²) - mean² would cancel where the mean is large.
  const centred = op.sub(X, op.unsqueeze(mean, axes));
  // Not ReduceSumSquare: over these axes ONNX Runtime adds one number after the other, with up to 100 times the
  // error of ReduceMean.
  const variance = reduction(op.reduceMean, op.mul(centred, centred));
  return { Y: op.batchNormalization(X, { scale, bias: B, mean, variance }, epsilon), mean, var: variance };
}

/**
 * dB = Σ dY; dScale = i·Σ dY·(X - mean); dX = scale·i·(dY - dB/n - (X - mean)·i·dScale/n).
 * The last two terms of dX are batchNormalization(X) with scale' = -scale·i·dScale/n and bias' = -scale·i·dB/n.
 */
function gradient(
  op: OpBuilder,
  { inputs: { dY, X, scale, mean, var: variance }, attributes: { epsilon } }: Gradient,
  reduction: ChannelReduction,
): OutputsOf<"BatchNormalizationGradient", Value> {
  const axes = mapAxes(X);
  const inverse = op.reciprocal(op.sqrt(op.add(variance, op.scalar(epsilon, X)))); // [C]
  const dB = reduction(op.reduceSum, dY); // [C]
  const product = reduction(op.reduceSum, op.mul(dY, X)); // [C]
  const dScale = op.mul(inverse, op.sub(product, op.mul(mean, dB))); // [C]
  const gain = op.mul(scale, inverse); // [C]
  const share = op.scale(gain, -1 / pixelsPerChannel(X)); // [C]
  const linear = op.batchNormalization(
    X,
    { scale: op.mul(share, dScale), bias: op.mul(share, dB), mean, variance },
    epsilon,
  );
  return { dX: op.add(op.mul(dY, op.unsqueeze(gain, axes)), linear), dScale, dB };
}
