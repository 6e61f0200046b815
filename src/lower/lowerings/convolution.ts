/**
 * @file Gradients of convolutions in ONNX operators. No one form wins everywhere: each function is one candidate,
 * and a target chooses among them by shape.
 */

import type { NodeView, Value } from "../../ir/graph.js";
import type { OpBuilder } from "../../ops/table.js";
import { reach } from "../../ops/window.js";

type InputGradient = NodeView<"ConvInputGradient">;
type WeightGradient = NodeView<"ConvWeightGradient">;

const sizes = (x: Value): number[] => [...x.shape] as number[];

/** dX as ConvTranspose: right for every stride. */
export function inputGradientByConvTranspose(
  op: OpBuilder,
  { inputs: { dY, W }, attributes }: InputGradient,
): Value {
  const { inputSize, strides, pads, dilations, group } = attributes;
  const outputPadding = [0, 1].map((at) => {
    const covered = reach(sizes(W)[at + 2]!, dilations[at]!);
    return inputSize[at]! + pads[at]! + pads[at + 2]! - ((sizes(dY)[at + 2]! - 1) * strides[at]! + covered);
  });
  return op.convTranspose(dY, W, { strides, pads, dilations, group, outputPadding });
}

/** True where dX is a plain convolution of dY. */
export function isFlippable({
  inputs: { W },
  attributes: { strides, pads, dilations },
}: InputGradient): boolean {
  const fits = pads.every((pad, at) => pad < reach(sizes(W)[(at % 2) + 2]!, dilations[at % 2]!));
  return fits && strides.every((stride) => stride === 1);
}

/** dX as Conv of dY with the kernels turned by 180° and input and output channels exchanged; stride 1 only. */
export function inputGradientByFlippedConv(
  op: OpBuilder,
  { inputs: { dY, W }, attributes }: InputGradient,
): Value {
  const { pads, dilations, group } = attributes;
  const [filters, channels, ...kernel] = sizes(W) as [number, number, number, number];
  const ranges = kernel.flatMap((size, at) =>
    size > 1 ? [{ axis: at + 2, start: size - 1, end: -size - 1, step: -1 }] : [],
  );
  const turned = ranges.length > 0 ? op.slice(W, ranges) : W;
  const grouped = op.reshape(turned, [group, filters / group, channels, ...kernel]);
  const exchanged = op.reshape(op.transpose(grouped, [0, 2, 1, 3, 4]), [
    group * channels,
    filters / group,
    ...kernel,
  ]);
  const opposite = pads.map((pad, at) => reach(kernel[at % 2]!, dilations[at % 2]!) - 1 - pad);
  return op.conv(dY, exchanged, { pads: opposite, dilations, group });
}

/** Applies a one-group form to each group and joins the results. */
export function perGroup(
  op: OpBuilder,
  node: WeightGradient,
  form: (op: OpBuilder, node: WeightGradient) => Value,
): Value {
  const { group } = node.attributes;
  if (group === 1) return form(op, node);
  const part = (x: Value, at: number) => {
    const width = sizes(x)[1]! / group;
    return op.slice(x, [{ axis: 1, start: at * width, end: (at + 1) * width }]);
  };
  const { dY, X } = node.inputs;
  const parts = Array.from({ length: group }, (_, at) =>
    form(op, {
      ...node,
      inputs: { dY: part(dY, at), X: part(X, at) },
      attributes: { ...node.attributes, group: 1 },
    }),
  );
  return op.concat(parts, 0);
}

/** What each kernel offset saw of `x`, padded and with height and width on `axes`: one slice an offset. */
function windows(op: OpBuilder, x: Value, node: WeightGradient, axes: readonly [number, number]): Value[] {
  const { kernelShape, strides, dilations } = node.attributes;
  const out = sizes(node.inputs.dY).slice(2);
  const whole =
    kernelShape.every((size) => size === 1) && axes.every((axis, at) => x.shape[axis] === out[at]);
  if (whole) return [x];
  const rows = Array.from({ length: kernelShape[0]! }, (_, row) => row);
  const columns = Array.from({ length: kernelShape[1]! }, (_, column) => column);
  const range = (at: 0 | 1, offset: number) => {
    const start = offset * dilations[at]!;
    return { axis: axes[at], start, end: start + (out[at]! - 1) * strides[at]! + 1, step: strides[at]! };
  };
  return rows.flatMap((row) => columns.map((column) => op.slice(x, [range(0, row), range(1, column)])));
}

function padded(op: OpBuilder, { inputs: { X }, attributes: { pads } }: WeightGradient): Value {
  const [top, left, bottom, right] = pads as [number, number, number, number];
  return pads.some((pad) => pad > 0) ? op.pad(X, [0, 0, top, left, 0, 0, bottom, right]) : X;
}

/** dW as one matrix product for each kernel offset, in [N, H, W, C] layout: long contiguous slices, large products. */
export function weightGradientByOffset(op: OpBuilder, node: WeightGradient): Value {
  const { dY } = node.inputs;
  const [batch, filters, height, width] = sizes(dY) as [number, number, number, number];
  const channels = sizes(node.inputs.X)[1]!;
  const rows = batch * height * width;
  const gradients = op.reshape(op.transpose(dY, [0, 2, 3, 1]), [rows, filters]);
  const pictures = op.transpose(padded(op, node), [0, 2, 3, 1]);
  const products = windows(op, pictures, node, [1, 2]).map((window) =>
    // [rows, filters]ᵀ · [rows, channels]
    op.gemm(gradients, op.reshape(window, [rows, channels]), null, { transA: 1 }),
  );
  const stacked = op.concat(
    products.map((product) => op.unsqueeze(product, [2])),
    2,
  );
  return op.reshape(stacked, [filters, channels, ...node.attributes.kernelShape]);
}

/** dW as one matrix product a picture, summed over the batch: for few channels, where offsets give thin products. */
export function weightGradientByPicture(op: OpBuilder, node: WeightGradient): Value {
  const { dY } = node.inputs;
  const [batch, filters, height, width] = sizes(dY) as [number, number, number, number];
  const channels = sizes(node.inputs.X)[1]!;
  const [kernelHeight, kernelWidth] = node.attributes.kernelShape as [number, number];
  const pixels = height * width;
  const columns = windows(op, padded(op, node), node, [2, 3]).map((window) =>
    op.reshape(window, [batch, channels, 1, pixels]),
  );
  const unfolded = op.reshape(op.concat(columns, 2), [batch, channels * kernelHeight * kernelWidth, pixels]);
  const products = op.matMul(op.reshape(dY, [batch, filters, pixels]), op.transpose(unfolded, [0, 2, 1]));
  return op.reshape(op.reduceSum(products, [0]), [filters, channels, kernelHeight, kernelWidth]);
}
