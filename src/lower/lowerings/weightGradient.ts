/**
 * @file The weight gradient of a convolution as one convolution. dW[k, c, i, j] = Σ dY[n, k, h, w] · X[n, c, h·s + i, w·s + j]
 * is a convolution of X with dY as its kernel: pictures take the place of channels, and the stride that of the dilation.
 * With the channels of X side by side along its rows, they pass through as places of the output.
 */

import type { NodeView, Value } from "../../ir/graph.js";
import type { OpBuilder } from "../../ops/table.js";

type WeightGradient = NodeView<"ConvWeightGradient">;
type Sizes4 = readonly [number, number, number, number];

const sizesOf = (x: Value): Sizes4 => x.shape as Sizes4;

/**
 * Kernels whose length is a power of two fall onto the same lines of the caches, one filter after the other; pictures
 * and rows of zeros break that.
 */
export interface Zeros {
  readonly pictures: 0 | 1;
  readonly rows: 0 | 1;
}

export function isDilatable({ attributes: { group, dilations } }: WeightGradient): boolean {
  return group === 1 && dilations.every((dilation) => dilation === 1);
}

/** dY as kernels [K, N, H', W'], zeros added. */
function kernelsOf(op: OpBuilder, dY: Value, zeros: Zeros): Value {
  const kernels = op.transpose(dY, [1, 0, 2, 3]);
  return zeros.pictures + zeros.rows > 0
    ? op.pad(kernels, [0, 0, 0, 0, 0, zeros.pictures, zeros.rows, 0])
    : kernels;
}

/** Padding behind the last row or column, so that the output is as long as the kernel; it may come out longer. */
function padAfter({ inputs: { dY, X }, attributes }: WeightGradient, at: 0 | 1): number {
  const { kernelShape, strides, pads } = attributes;
  const seen = strides[at]! * (sizesOf(dY)[at + 2]! - 1) + kernelShape[at]!;
  return Math.max(0, seen - sizesOf(X)[at + 2]! - pads[at]!);
}

/**
 * @param lines X as [images, N, H, W · side], `side` channels side by side
 * @returns [images, K, kH, kW · side]
 */
function convolve(op: OpBuilder, node: WeightGradient, lines: Value, side: number, zeros: Zeros): Value {
  const { dY } = node.inputs;
  const { kernelShape, strides, pads } = node.attributes;
  const [top, left] = pads as Sizes4;
  const [rowStride, columnStride] = strides as readonly [number, number];
  const pictures = zeros.pictures > 0 ? op.pad(lines, [0, 0, 0, 0, 0, 1, 0, 0]) : lines;
  const found = op.conv(pictures, kernelsOf(op, dY, zeros), {
    dilations: [rowStride, columnStride * side],
    pads: [top, left * side, padAfter(node, 0) + zeros.rows * rowStride, padAfter(node, 1) * side],
  });
  const ends = [kernelShape[0]!, kernelShape[1]! * side];
  const ranges = ends.flatMap((end, at) =>
    found.shape[at + 2] === end ? [] : [{ axis: at + 2, start: 0, end, step: 1 }],
  );
  return ranges.length > 0 ? op.slice(found, ranges) : found;
}

/** X as one image, all channels side by side. */
export function weightGradientByDilatedConv(op: OpBuilder, node: WeightGradient, zeros: Zeros): Value {
  const { X, dY } = node.inputs;
  const [batch, channels, height, width] = sizesOf(X);
  const [rows, columns] = node.attributes.kernelShape as readonly [number, number];
  const filters = sizesOf(dY)[1];
  const lines = op.reshape(op.transpose(X, [0, 2, 3, 1]), [1, batch, height, width * channels]);
  const found = op.reshape(convolve(op, node, lines, channels, zeros), [filters, rows * columns, channels]);
  return op.reshape(op.transpose(found, [0, 2, 1]), [filters, channels, rows, columns]);
}

/** X as an image for each block of channels, which lie side by side already. */
export function weightGradientByBlockedImages(
  op: OpBuilder,
  node: WeightGradient,
  block: number,
  zeros: Zeros,
): Value {
  const { X, dY } = node.inputs;
  const [batch, channels, height, width] = sizesOf(X);
  const [rows, columns] = node.attributes.kernelShape as readonly [number, number];
  const filters = sizesOf(dY)[1];
  const images = channels / block;
  const pixels = op.reshape(op.reorderInput(X), [batch, images, height, width * block]);
  const found = convolve(op, node, op.transpose(pixels, [1, 0, 2, 3]), block, zeros); // [images, K, kH, kW · block]
  const blocked = op.reshape(op.transpose(found, [1, 0, 2, 3]), [filters, channels, rows, columns]);
  return op.reorderOutput(blocked);
}
