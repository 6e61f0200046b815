/**
 * @file Weights of convolutions brought into blocks. They change with every step, so the passes are few, and all by
 * ReorderInput, which runs on all threads: seen as pictures of other sizes, any two axes change places in it.
 */

import type { Value } from "../../../ir/graph.js";
import type { OpBuilder } from "../../../ops/table.js";

export type Sizes4 = readonly [number, number, number, number];

export const sizesOf = (x: Value): Sizes4 => x.shape as Sizes4;

/** [outer, rows, columns · block], as it lies in memory, to [outer, columns, rows, block]. */
export function exchangeBlocks(
  op: OpBuilder,
  x: Value,
  [outer, rows, columns]: readonly [outer: number, rows: number, columns: number],
  block: number,
): Value {
  return op.reorderInputChannelsLast(op.reshape(x, [outer, 1, rows, columns * block]));
}

/**
 * [K, C, kH, kW] to [K/block, C/block, kH, kW, block of C, block of K], or, where C is less than a block, to
 * [K/block, C, kH, kW, block of K].
 */
export function blockFilters(op: OpBuilder, w: Value, block: number): Value {
  const [filters, channels, height, width] = sizesOf(w);
  const inner = op.reorderInput(op.reshape(w, [1, filters, channels, height * width])); // [K/block, C, taps, block]
  const pairs = (filters * channels) / block ** 2;
  const blocked = channels < block ? inner : exchangeBlocks(op, inner, [pairs, block, height * width], block);
  return op.reshape(blocked, [filters, channels, height, width]);
}

/**
 * Weights [K, C, kH, kW] of a convolution as those of its input gradient: K and C exchanged, in blocks: [C/block, K/block,
 * rows, columns, block of K, block of C].
 * @param taps rows and columns of the kernel that are taken, in their new order: all backwards turns it by 180°
 */
export function blockTurnedFilters(
  op: OpBuilder,
  w: Value,
  [rows, columns]: readonly [rows: readonly number[], columns: readonly number[]],
  block: number,
): Value {
  const [filters, channels, height, width] = sizesOf(w);
  const [outer, inner, taps] = [filters / block, channels / block, height * width];
  const blocked = op.reorderInput(w); // [K, C/block, taps, block of C]
  const pairs = exchangeBlocks(op, blocked, [outer, block, inner * taps], block); // [K/block, C/block · taps, block, block]
  const exchanged = op.transpose(op.reshape(pairs, [outer, inner, taps, block ** 2]), [1, 0, 2, 3]);
  const order = rows.flatMap((row) => columns.map((column) => row * width + column));
  const taken = op.constant({ dtype: "int64", shape: [order.length], data: order });
  const turned = taps > 1 ? op.gather(exchanged, taken, 2) : exchanged;
  return op.reshape(turned, [channels, filters, rows.length, columns.length]);
}

/** Weights of a convolution that copies each channel of x. */
export function onesFor(op: OpBuilder, x: Value): Value {
  const channels = sizesOf(x)[1];
  const data = new Array<number>(channels).fill(1);
  return op.constant({ dtype: "float32", shape: [channels, 1, 1, 1], data });
}
