/**
 * @file ONNX Runtime's own operators on blocked feature maps. Shapes are stated as [N, C, H, W], where C is a multiple
 * of the block, whatever lies in memory. Source: contrib_ops/cpu/nchwc_ops.cc of ONNX Runtime 1.29.
 */

import type { Value } from "../ir/graph.js";
import type { AttributesFor } from "../ir/opTable.js";
import { showShape, shapesEqual } from "../ir/shape.js";
import { convShape } from "./convolution.js";
import type { Emitter } from "./emitter.js";
import type { ShapeRules } from "./shapeRule.js";
import { checkWindow } from "./window.js";

export type Blocked = "ReorderInput" | "ReorderOutput" | "BlockedConv" | "BlockedGlobalAveragePool";

export const blockedShapes = {
  ReorderInput: ({ inputs: { X }, attributes: { channelsLast }, fail }) => {
    if (X.shape.length !== 4) fail(`X is ${showShape(X.shape)}, expected rank 4`);
    const [batch, height, width, channels] = X.shape;
    return { Y: channelsLast ? [batch!, channels!, height!, width!] : X.shape };
  },
  ReorderOutput: ({ inputs: { X }, attributes: { channels, channelsLast }, fail }) => {
    if (X.shape.length !== 4 || X.shape[1] !== channels)
      fail(`X is ${showShape(X.shape)}, expected rank 4 and ${channels} channels`);
    const [batch, , height, width] = X.shape;
    return { Y: channelsLast ? [batch!, height!, width!, channels] : X.shape };
  },
  BlockedConv: (ctx) =>
    checkWindow(ctx, ({ inputs: { X, W, B, Sum }, attributes, fail }) => {
      const Y = convShape(X, W, B, attributes, fail);
      if (Sum !== null && !shapesEqual(Sum.shape, Y))
        fail(`Sum is ${showShape(Sum.shape)}, expected ${showShape(Y)} as Y`);
      return { Y };
    }),
  BlockedGlobalAveragePool: ({ inputs: { X }, fail }) => {
    if (X.shape.length !== 4) fail(`X is ${showShape(X.shape)}, expected rank 4`);
    return { Y: [X.shape[0]!, X.shape[1]!, 1, 1] };
  },
} satisfies ShapeRules<Blocked>;

export function blockedOps({ emit }: Emitter) {
  return {
    /** [N, C, H, W] to blocks. */
    reorderInput: (x: Value) => emit("ReorderInput", { X: x }, {}).Y,
    /** [N, H, W, C] to blocks. */
    reorderInputChannelsLast: (x: Value) => emit("ReorderInput", { X: x }, { channelsLast: 1 }).Y,
    /** Blocks to [N, C, H, W]. */
    reorderOutput: (x: Value) => emit("ReorderOutput", { X: x }, { channels: x.shape[1] as number }).Y,
    /** Blocks to [N, H, W, C]. */
    reorderOutputChannelsLast: (x: Value) =>
      emit("ReorderOutput", { X: x }, { channels: x.shape[1] as number, channelsLast: 1 }).Y,
    /**
     * activation(conv(x, w) + bias + sum), x and sum in blocks. Weights [K, C, kH, kW] lie in memory as
     * [K/block, C/block, kH, kW, block of C, block of K], those of fewer channels than a block as
     * [K/block, C, kH, kW, block of K]; x of fewer channels than a block is not in blocks.
     */
    blockedConv: (
      x: Value,
      w: Value,
      attributes: AttributesFor<"BlockedConv"> = {},
      bias: Value | null = null,
      sum: Value | null = null,
    ) => emit("BlockedConv", { X: x, W: w, B: bias, Sum: sum }, attributes).Y,
    /** [N, C, H, W] in blocks to [N, C, 1, 1], which is the same in blocks and without. */
    blockedGlobalAveragePool: (x: Value) => emit("BlockedGlobalAveragePool", { X: x }, {}).Y,
  };
}
