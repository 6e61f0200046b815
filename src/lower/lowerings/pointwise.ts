/** @file Convolutions whose kernel is one pixel, as matrix products: one for each picture, all at once. */

import type { NodeView, Value } from "../../ir/graph.js";
import { isStatic } from "../../ir/shape.js";
import type { OpBuilder } from "../../ops/table.js";

type Convolution = NodeView<"Conv">;
type InputGradient = NodeView<"ConvInputGradient">;

const isOne = (size: unknown): boolean => size === 1;

/** Of [K, C, 1, 1] weights: stride 1, no padding, one group, sizes known. */
export function isPointwise({ inputs, attributes }: Convolution | InputGradient): boolean {
  const { strides, pads, group } = attributes;
  const maps = "X" in inputs ? inputs.X : inputs.dY;
  return (
    inputs.W.shape.slice(2).every(isOne) &&
    strides.every(isOne) &&
    pads.every((pad) => pad === 0) &&
    group === 1 &&
    isStatic(maps.shape)
  );
}

/** W [rows, columns] · maps [N, columns, H, W], pixel by pixel: [N, rows, H, W]. */
function productWith(op: OpBuilder, weights: Value, maps: Value): Value {
  const [batch, channels, height, width] = maps.shape as readonly [number, number, number, number];
  const pixels = op.reshape(maps, [batch, channels, height * width]);
  return op.reshape(op.matMul(weights, pixels), [batch, weights.shape[0] as number, height, width]);
}

export function convolutionByProduct(op: OpBuilder, { inputs: { X, W, B } }: Convolution): Value {
  const [filters, channels] = W.shape as readonly [number, number];
  const y = productWith(op, op.reshape(W, [filters, channels]), X);
  return B === null ? y : op.add(y, op.reshape(B, [1, filters, 1, 1]));
}

export function inputGradientByProduct(op: OpBuilder, { inputs: { dY, W } }: InputGradient): Value {
  const [filters, channels] = W.shape as readonly [number, number];
  return productWith(op, op.transpose(op.reshape(W, [filters, channels]), [1, 0]), dY);
}
