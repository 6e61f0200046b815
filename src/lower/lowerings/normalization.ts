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

export function batchNormalizationTraining(
  op: OpBuilder,
  { inputs: { X, scale, B }, attributes: { epsilon } }: NodeView<"BatchNormalizationTraining">,
): OutputsOf<"BatchNormalizationTraining", Value> {
  const axes = mapAxes(X);
  const mean = op.reduceMean(X, axes);
  // Centred first: mean(X²) - mean² would cancel where the mean is large.
  const centred = op.sub(X, op.unsqueeze(mean, axes));
  // Not ReduceSumSquare: over these axes ONNX Runtime adds one number after the other, with up to 100 times the
  // error of ReduceMean.
  const variance = op.reduceMean(op.mul(centred, centred), axes);
  return { Y: op.batchNormalization(X, { scale, bias: B, mean, variance }, epsilon), mean, var: variance };
}

/**
 * dB = Σ dY; dScale = i·Σ dY·(X - mean); dX = scale·i·(dY - dB/n - (X - mean)·i·dScale/n).
 * The last two terms of dX are batchNormalization(X) with scale' = -scale·i·dScale/n and bias' = -scale·i·dB/n.
 */
export function batchNormalizationGradient(
  op: OpBuilder,
  {
    inputs: { dY, X, scale, mean, var: variance },
    attributes: { epsilon },
  }: NodeView<"BatchNormalizationGradient">,
): OutputsOf<"BatchNormalizationGradient", Value> {
  const axes = mapAxes(X);
  const inverse = op.reciprocal(op.sqrt(op.add(variance, op.scalar(epsilon, X)))); // [C]
  const dB = op.reduceSum(dY, axes); // [C]
  const product = op.reduceSum(op.mul(dY, X), axes); // [C]
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
