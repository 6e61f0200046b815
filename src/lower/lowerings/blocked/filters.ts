/** @file Weights of convolutions brought into blocks, in few and fast passes: they change with every step. */

import type { Value } from "../../../ir/graph.js";
import type { OpBuilder } from "../../../ops/table.js";

export type Sizes4 = readonly [number, number, number, number];

export const sizesOf = (x: Value): Sizes4 => x.shape as Sizes4;

/**
 * [K, C, kH, kW] to [K/block, C/block, kH, kW, block of C, block of K], or, where C is less than a block, to
 * [K/block, C, kH, kW, block of K].
 */
export function blockFilters(op: OpBuilder, w: Value, block: number): Value {
  const [filters, channels, height, width] = sizesOf(w);
  const inner = channels < block ? w : op.reorderInput(w); // [K, C/block, kH, kW, block of C]
  const rows = op.reshape(inner, [filters / block, block, channels * height * width]);
  return op.reshape(op.transpose(rows, [0, 2, 1]), [filters, channels, height, width]);
}

/**
 * Weights [K, C, kH, kW] of a convolution as those of its input gradient: K and C exchanged, kernels turned by 180°,
 * in blocks: [C/block, K/block, kH, kW, block of K, block of C].
 */
export function blockTurnedFilters(op: OpBuilder, w: Value, block: number): Value {
  const [filters, channels, height, width] = sizesOf(w);
  const taps = height * width;
  const inner = op.reshape(op.reorderInput(w), [filters / block, block, channels / block, taps, block]);
  const exchanged = op.transpose(inner, [2, 0, 3, 1, 4]); // [C/block, K/block, taps, block of K, block of C]
  const backwards = Array.from({ length: taps }, (_, at) => taps - 1 - at);
  const order = op.constant({ dtype: "int64", shape: [taps], data: backwards });
  const kernels = op.reshape(exchanged, [(channels / block) * (filters / block), taps, block * block]);
  const turned = taps > 1 ? op.gather(kernels, order, 1) : kernels;
  return op.reshape(turned, [channels, filters, height, width]);
}
