/** @file Convolutions and their input gradients on blocked feature maps. */

import type { NodeView, Value } from "../../../ir/graph.js";
import type { OpBuilder } from "../../../ops/table.js";
import { reach } from "../../../ops/window.js";
import { blockFilters, blockTurnedFilters, sizesOf } from "./filters.js";

type Convolution = NodeView<"Conv">;
type InputGradient = NodeView<"ConvInputGradient">;

/** Channels fill blocks, or there are too few for one and the picture stays as it is. */
export function isBlockable({ inputs: { X, W }, attributes }: Convolution, block: number): boolean {
  const [filters, channels] = sizesOf(W);
  const fits = channels % block === 0 || channels < block;
  return X.dtype === "float32" && attributes.group === 1 && filters % block === 0 && fits;
}

export function blockedConvolution(
  op: OpBuilder,
  { inputs: { X, W, B }, attributes }: Convolution,
  block: number,
): Value {
  const pictures = sizesOf(W)[1] < block ? X : op.reorderInput(X);
  return op.reorderOutput(op.blockedConv(pictures, blockFilters(op, W, block), attributes, B));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

const isEvery = (values: readonly number[], value: number): boolean =>
  values.every((other) => other === value);

export function isGradientBlockable(
  { inputs: { dY, W }, attributes }: InputGradient,
  block: number,
): boolean {
  const [filters, channels] = sizesOf(W);
  const fits = channels % block === 0 && filters % block === 0;
  return dY.dtype === "float32" && attributes.group === 1 && fits;
}

/** dX as a convolution of dY with turned kernels; stride 1 only. */
export function blockedInputGradient(
  op: OpBuilder,
  { inputs: { dY, W }, attributes: { pads, dilations } }: InputGradient,
  block: number,
): Value {
  const kernel = sizesOf(W).slice(2);
  const opposite = pads.map((pad, at) => reach(kernel[at % 2]!, dilations[at % 2]!) - 1 - pad);
  const [rows, columns] = kernel.map((size) => upTo(size).reverse());
  const filters = blockTurnedFilters(op, W, [rows!, columns!], block);
  return op.reorderOutput(op.blockedConv(op.reorderInput(dY), filters, { pads: opposite, dilations }));
}

/** Along one axis: the taps that reach the inputs at every stride-th place from `phase` on, and the padding of dY. */
interface Phase {
  /** First tap; then every stride-th. */
  readonly first: number;
  readonly taps: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Input x = stride·i + phase gets dY[i + base - t]·W[first + stride·t], where first = (phase + pad) mod stride and
 * base = ⌊(phase + pad)/stride⌋: a convolution of dY with every stride-th tap, turned.
 */
function phaseOf(node: InputGradient, at: 0 | 1, phase: number): Phase {
  const { strides, pads, inputSize } = node.attributes;
  const [stride, pad] = [strides[at]!, pads[at]!];
  const first = (phase + pad) % stride;
  const taps = Math.max(0, Math.ceil((sizesOf(node.inputs.W)[at + 2]! - first) / stride));
  const before = taps - 1 - Math.floor((phase + pad) / stride);
  const after = inputSize[at]! / stride - sizesOf(node.inputs.dY)[at + 2]! + taps - 1 - before;
  return { first, taps, before, after };
}

const phasesAlong = (node: InputGradient, at: 0 | 1): Phase[] =>
  upTo(node.attributes.strides[at]!).map((phase) => phaseOf(node, at, phase));

/** Every phase has as many places, and is a convolution that pads, and does not crop. */
export function hasPhases(node: InputGradient): boolean {
  const { strides, dilations, inputSize } = node.attributes;
  if (isEvery(strides, 1) || !isEvery(dilations, 1)) return false;
  return ([0, 1] as const).every(
    (at) =>
      inputSize[at]! % strides[at]! === 0 &&
      phasesAlong(node, at).every(({ taps, before, after }) => taps === 0 || (before >= 0 && after >= 0)),
  );
}

/** Rows or columns of the kernel that a phase uses, backwards. */
const tapsOf = ({ first, taps }: Phase, stride: number): number[] =>
  upTo(taps).map((tap) => first + (taps - 1 - tap) * stride);

/** dX for strides above 1: one convolution of dY for each phase of the stride, and their results interlaced. */
export function blockedInputGradientByPhases(op: OpBuilder, node: InputGradient, block: number): Value {
  const { dY, W } = node.inputs;
  const { strides, inputSize } = node.attributes;
  const [batch] = sizesOf(dY);
  const channels = sizesOf(W)[1];
  const [height, width] = inputSize.map((size, at) => size / strides[at]!) as [number, number];
  const gradients = op.reorderInput(dY);
  const mapOf = (row: Phase, column: Phase): Value => {
    const shape = [batch, channels, height, width];
    if (row.taps === 0 || column.taps === 0) return op.expand(op.scalar(0, dY), shape);
    const taps = [tapsOf(row, strides[0]!), tapsOf(column, strides[1]!)] as const;
    const filters = blockTurnedFilters(op, W, taps, block);
    return op.blockedConv(gradients, filters, {
      pads: [row.before, column.before, row.after, column.after],
    });
  };
  const outer = batch * (channels / block) * height;
  const rows = phasesAlong(node, 0).map((row) => {
    const maps = phasesAlong(node, 1).map((column) => mapOf(row, column));
    const pixels = maps.map((map) => op.reshape(map, [outer * width, block]));
    return op.reshape(op.concat(pixels, 1), [outer, inputSize[1]! * block]);
  });
  return op.reorderOutput(op.reshape(op.concat(rows, 1), [batch, channels, ...inputSize]));
}
