/**
 * @file The weight gradient of a convolution as one convolution.
 * dW[k, c, i, j] = Σ dY[n, k, h, w] · X[n, c, h·s + i, w·s + j] is a convolution of X with dY as its kernel: pictures take
 * the place of channels, and the stride that of the dilation. X comes as images in which `side` channels lie beside each
 * other along the rows: they pass through as places of the output.
 */

import type { NodeView, Value } from "../../../ir/graph.js";
import type { OpBuilder } from "../../../ops/table.js";
import { exchangeBlocks, onesFor, sizesOf } from "./filters.js";

type WeightGradient = NodeView<"ConvWeightGradient">;

/** Filters that one thread computes at once: four blocks. */
const BLOCKS_AT_ONCE = 4;
/** Parts of the work, each a row of dW for some filters, from which on threads share it evenly. */
const EVEN_SHARES = 6;

/** Times that dY is larger than sums by groups, from which on these cost less than to order the kernels anew. */
const SMALL_SUMS = 3;

const isPlain = ({ inputs: { dY }, attributes: { group, dilations } }: WeightGradient): boolean =>
  dY.dtype === "float32" && group === 1 && dilations.every((dilation) => dilation === 1);

/**
 * Pictures are summed in this many groups. One block of them each leaves the kernels in the order that they have, where
 * the many sums are small beside dY; else there are two where there would not be work for all threads.
 */
function groupsOf({ inputs: { dY, X }, attributes }: WeightGradient, block: number): number {
  const [batch, filters, height, width] = sizesOf(dY);
  const channels = sizesOf(X)[1];
  const [rows, columns] = attributes.kernelShape as readonly [number, number];
  const blocks = Math.floor(batch / block);
  const sums = blocks * filters * channels * rows * columns;
  if (blocks > 0 && SMALL_SUMS * sums <= batch * filters * height * width) return blocks;
  const images = Math.max(1, Math.floor(channels / block));
  const shares = Math.ceil(filters / (BLOCKS_AT_ONCE * block)) * images * rows;
  return shares >= EVEN_SHARES ? 1 : 2;
}

/** Padding behind the last row or column, so that the output is as long as the kernel; it may come out longer. */
function padAfter({ inputs: { dY, X }, attributes }: WeightGradient, at: 0 | 1): number {
  const { kernelShape, strides, pads } = attributes;
  const seen = strides[at]! * (sizesOf(dY)[at + 2]! - 1) + kernelShape[at]!;
  return Math.max(0, seen - sizesOf(X)[at + 2]! - pads[at]!);
}

/** The first kH rows and kW columns of [images, filters, ≥ kH, ≥ kW · side]. */
function cutToKernel(op: OpBuilder, found: Value, node: WeightGradient, side: number): Value {
  const [rows, columns] = node.attributes.kernelShape as readonly [number, number];
  const ranges = [rows, columns * side].flatMap((end, at) =>
    found.shape[at + 2] === end ? [] : [{ axis: at + 2, start: 0, end, step: 1 }],
  );
  return ranges.length > 0 ? op.slice(found, ranges) : found;
}

/** [images, K, taps, side] as weights [K, C, kH, kW]. */
function weightsOf(
  op: OpBuilder,
  found: Value,
  { inputs, attributes }: WeightGradient,
  block: number,
): Value {
  const shape = [sizesOf(inputs.dY)[1], sizesOf(inputs.X)[1], ...attributes.kernelShape];
  return found.shape[3] === block
    ? op.reorderOutput(op.reshape(op.transpose(found, [1, 0, 2, 3]), shape)) // [K, C/block, taps, block of C]
    : op.reshape(op.transpose(found, [1, 0, 3, 2]), shape);
}

export function isPictureBlockable(node: WeightGradient, block: number): boolean {
  const [batch, filters] = sizesOf(node.inputs.dY);
  return isPlain(node) && batch % (block * groupsOf(node, block)) === 0 && filters % block === 0;
}

/** X with zeros beside its rows, in blocks: a convolution writes them on all threads, Pad on one. */
function padRows(op: OpBuilder, x: Value, before: number, after: number): Value {
  const pads = [0, before, 0, after];
  return before + after > 0 ? op.blockedConv(x, onesFor(op, x), { group: sizesOf(x)[1], pads }) : x;
}

/**
 * X in blocks of pictures, [images, N, H, W · side], its rows padded: an image for each block of channels, which lie side
 * by side already, or one for all channels where they fill no blocks.
 */
function picturesOf(op: OpBuilder, node: WeightGradient, block: number): Value {
  const { X } = node.inputs;
  const [batch, channels, height] = sizesOf(X);
  const [before, after] = [node.attributes.pads[1]!, padAfter(node, 1)];
  const width = sizesOf(X)[3] + before + after;
  if (channels % block !== 0) {
    const padded = before + after > 0 ? op.pad(X, [0, 0, 0, before, 0, 0, 0, after]) : X;
    const lines = op.transpose(padded, [0, 2, 3, 1]); // [N, H, W, C]
    return op.reorderInput(op.reshape(lines, [1, batch, height, width * channels]));
  }
  const images = channels / block;
  const padded = padRows(op, op.reorderInput(X), before, after);
  const pictures = op.reorderInput(op.reshape(padded, [1, batch, images, height * width * block]));
  const byPictures = op.reshape(pictures, [batch / block, images, height * width * block * block]);
  return op.reshape(op.transpose(byPictures, [1, 0, 2]), [images, batch, height, width * block]);
}

/** dY as kernels [groups · K, N/groups, H', W'], in blocks of filters and of pictures. */
function kernelsOf(op: OpBuilder, dY: Value, groups: number, block: number): Value {
  const [batch, filters, height, width] = sizesOf(dY);
  const taps = height * width;
  const outer = filters / block;
  // [N/block, K/block · taps, block of N, block of K]
  const pairs = exchangeBlocks(op, op.reorderInput(dY), [batch / block, block, outer * taps], block);
  const parts = op.reshape(pairs, [groups, batch / groups / block, outer, taps * block ** 2]);
  return op.reshape(op.transpose(parts, [0, 2, 1, 3]), [groups * filters, batch / groups, height, width]);
}

/** The same with X cut to the pixels that a kernel of one pixel saw, where it skipped some. */
function withoutSkipped(op: OpBuilder, node: WeightGradient, block: number): WeightGradient {
  const { X, dY } = node.inputs;
  const { kernelShape, strides, pads } = node.attributes;
  const channels = sizesOf(X)[1];
  const skips = strides.some((stride) => stride > 1);
  const isPoint = kernelShape.every((size) => size === 1) && pads.every((pad) => pad === 0);
  if (!skips || !isPoint || channels % block !== 0) return node;
  const seen = op.reorderOutput(
    op.blockedConv(op.reorderInput(X), onesFor(op, X), { group: channels, strides }),
  );
  return { ...node, inputs: { dY, X: seen }, attributes: { ...node.attributes, strides: [1, 1] } };
}

/** A convolution in blocks, of pictures: the batch fills blocks as well. */
export function weightGradientByPictureBlocks(op: OpBuilder, whole: WeightGradient, block: number): Value {
  const node = withoutSkipped(op, whole, block);
  const { dY, X } = node.inputs;
  const { kernelShape, strides, pads } = node.attributes;
  const groups = groupsOf(node, block);
  const pictures = picturesOf(op, node, block);
  const images = sizesOf(pictures)[0];
  const side = sizesOf(X)[1] / images;
  const found = op.blockedConv(pictures, kernelsOf(op, dY, groups, block), {
    group: groups,
    dilations: [strides[0]!, strides[1]! * side],
    pads: [pads[0]!, 0, padAfter(node, 0), 0],
  });
  const cut = cutToKernel(op, op.reorderOutput(found), node, side);
  const taps = kernelShape[0]! * kernelShape[1]!;
  const parts = op.reshape(cut, [images, groups, sizesOf(dY)[1], taps, side]);
  const sum = groups > 1 ? op.reduceSum(parts, [1]) : op.squeeze(parts, [1]);
  return weightsOf(op, sum, node, block);
}

export function isImageBlockable(node: WeightGradient, block: number): boolean {
  return isPlain(node) && sizesOf(node.inputs.X)[1] % block === 0;
}

/** An ordinary convolution of X in blocks of channels, for any batch. */
export function weightGradientByImages(op: OpBuilder, node: WeightGradient, block: number): Value {
  const { dY, X } = node.inputs;
  const { kernelShape, strides, pads } = node.attributes;
  const [batch, channels, height, width] = sizesOf(X);
  const images = channels / block;
  const pixels = op.reshape(op.reorderInput(X), [batch, images, height, width * block]);
  // A picture of zeros: kernels that are a power of two long would fall onto the same lines of the caches.
  const zeroPicture = [0, 0, 0, 0, 0, 1, 0, 0];
  const pictures = op.pad(op.transpose(pixels, [1, 0, 2, 3]), zeroPicture);
  const kernels = op.pad(op.transpose(dY, [1, 0, 2, 3]), zeroPicture);
  const found = op.conv(pictures, kernels, {
    dilations: [strides[0]!, strides[1]! * block],
    pads: [pads[0]!, pads[1]! * block, padAfter(node, 0), padAfter(node, 1) * block],
  });
  const cut = cutToKernel(op, found, node, block);
  const taps = kernelShape[0]! * kernelShape[1]!;
  return weightsOf(op, op.reshape(cut, [images, sizesOf(dY)[1], taps, block]), node, block);
}
