/**
 * @file Gradients of convolutions in ONNX operators. No one form wins everywhere: each function is one candidate,
 * and a target chooses among them by shape.
 */

import type { NodeView, Value } from "../../ir/graph.js";
import type { OpBuilder } from "../../ops/table.js";
import type { SliceRange } from "../../ops/layout.js";
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

/** Applies a one-group form to each group and joins the results. */
export function inputGradientPerGroup(
  op: OpBuilder,
  node: InputGradient,
  form: (op: OpBuilder, node: InputGradient) => Value,
): Value {
  const { dY, W } = node.inputs;
  const { group } = node.attributes;
  const filters = sizes(W)[0]! / group;
  const part = (x: Value, axis: number, at: number) =>
    op.slice(x, [{ axis, start: at * filters, end: (at + 1) * filters }]);
  const parts = Array.from({ length: group }, (_, at) =>
    form(op, {
      ...node,
      inputs: { dY: part(dY, 1, at), W: part(W, 0, at) },
      attributes: { ...node.attributes, group: 1 },
    }),
  );
  return op.concat(parts, 1);
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

/** The slice of `x` that kernel offset `offset` saw along window direction `at`, where `axis` of `x` runs that way. */
function seen(
  { inputs: { dY }, attributes }: WeightGradient,
  at: 0 | 1,
  axis: number,
  offset: number,
): SliceRange {
  const start = offset * attributes.dilations[at]!;
  const step = attributes.strides[at]!;
  return { axis, start, end: start + (sizes(dY)[at + 2]! - 1) * step + 1, step };
}

function padded(op: OpBuilder, { inputs: { X }, attributes: { pads } }: WeightGradient): Value {
  const [top, left, bottom, right] = pads as [number, number, number, number];
  return pads.some((pad) => pad > 0) ? op.pad(X, [0, 0, top, left, 0, 0, bottom, right]) : X;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/**
 * dW as one matrix product for each row of the kernel, in [N, H, W, C] layout: contiguous slices, and products
 * that are deep and wide. For small maps with many channels.
 */
export function weightGradientByRow(op: OpBuilder, node: WeightGradient): Value {
  const { dY, X } = node.inputs;
  const [batch, filters, height, width] = sizes(dY) as [number, number, number, number];
  const channels = sizes(X)[1]!;
  const [kernelHeight, kernelWidth] = node.attributes.kernelShape as [number, number];
  const pixels = batch * height * width;
  const gradients = op.reshape(op.transpose(dY, [0, 2, 3, 1]), [pixels, filters]);
  const pictures = op.transpose(padded(op, node), [0, 2, 3, 1]); // [N, H, W, C]
  const columns = upTo(kernelWidth).map((column) => op.slice(pictures, [seen(node, 1, 2, column)]));
  const wide = op.concat(columns, 3); // [N, H, width, kernelWidth · C]
  const products = upTo(kernelHeight).map((row) => {
    const window = op.reshape(op.slice(wide, [seen(node, 0, 1, row)]), [pixels, kernelWidth * channels]);
    return op.gemm(gradients, window, null, { transA: 1 }); // [filters, kernelWidth · C]
  });
  const channelsLast = op.reshape(op.concat(products, 1), [filters, kernelHeight * kernelWidth, channels]);
  return op.reshape(op.transpose(channelsLast, [0, 2, 1]), [filters, channels, kernelHeight, kernelWidth]);
}

/** dW as one matrix product a picture, summed over the batch: for large maps, few channels, or 1×1 kernels. */
export function weightGradientByPicture(op: OpBuilder, node: WeightGradient): Value {
  const { dY, X } = node.inputs;
  const [batch, filters, height, width] = sizes(dY) as [number, number, number, number];
  const channels = sizes(X)[1]!;
  const [kernelHeight, kernelWidth] = node.attributes.kernelShape as [number, number];
  const pixels = height * width;
  const pictures = padded(op, node);
  const windows = upTo(kernelHeight).flatMap((row) =>
    upTo(kernelWidth).map((column) => op.slice(pictures, [seen(node, 0, 2, row), seen(node, 1, 3, column)])),
  );
  const columns = windows.map((window) => op.reshape(window, [batch, channels, 1, pixels]));
  const unfolded = op.reshape(op.concat(columns, 2), [batch, channels * kernelHeight * kernelWidth, pixels]);
  const products = op.matMul(op.reshape(dY, [batch, filters, pixels]), op.transpose(unfolded, [0, 2, 1]));
  return op.reshape(op.reduceSum(products, [0]), [filters, channels, kernelHeight, kernelWidth]);
}
