/** @file Operators on blocked feature maps: out of blocks, the plain operator, and back. */

import { BLOCK } from "../block.js";
import { convolution } from "./convolution.js";
import type { Kernels } from "./kernel.js";
import { eachPlace, positionOf, zeros, type NdArray } from "./ndArray.js";
import { pooling } from "./pooling.js";

/** Where the element at `coordinates` of [N, C, H, W] lies in blocks. */
function blockedPosition(shape: readonly number[], [n, c, h, w]: readonly number[]): number {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const blocks = [batch, channels / BLOCK, height, width, BLOCK];
  return positionOf(blocks, [n!, Math.floor(c! / BLOCK), h!, w!, c! % BLOCK]);
}

function toBlocks(x: NdArray): NdArray {
  const blocked = zeros(x.shape);
  eachPlace(x.shape, (at, position) => (blocked.data[blockedPosition(x.shape, at)] = x.data[position]!));
  return blocked;
}

function fromBlocks(x: NdArray): NdArray {
  const plain = zeros(x.shape);
  eachPlace(x.shape, (at, position) => (plain.data[position] = x.data[blockedPosition(x.shape, at)]!));
  return plain;
}

/** Where the weight at [k, c, row, column] of [K, C/group, kH, kW] lies. */
function weightPosition(shape: readonly number[], [k, c, row, column]: readonly number[]): number {
  const [filters, channels, height, width] = shape as [number, number, number, number];
  const outer = [Math.floor(k! / BLOCK), k! % BLOCK] as const;
  if (channels < BLOCK)
    return positionOf(
      [filters / BLOCK, channels, height, width, BLOCK],
      [outer[0], c!, row!, column!, outer[1]],
    );
  return positionOf(
    [filters / BLOCK, channels / BLOCK, height, width, BLOCK, BLOCK],
    [outer[0], Math.floor(c! / BLOCK), row!, column!, c! % BLOCK, outer[1]],
  );
}

function fromWeightBlocks(w: NdArray): NdArray {
  const plain = zeros(w.shape);
  eachPlace(w.shape, (at, position) => (plain.data[position] = w.data[weightPosition(w.shape, at)]!));
  return plain;
}

function channelsFirst(x: NdArray): NdArray {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const first = zeros([batch, channels, height, width]);
  eachPlace(first.shape, ([n, c, h, w], position) => {
    first.data[position] = x.data[positionOf(x.shape, [n!, h!, w!, c!])]!;
  });
  return first;
}

function channelsLast(x: NdArray): NdArray {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const last = zeros([batch, height, width, channels]);
  eachPlace(x.shape, ([n, c, h, w], position) => {
    last.data[positionOf(last.shape, [n!, h!, w!, c!])] = x.data[position]!;
  });
  return last;
}

export const blocked = {
  ReorderInput: ({ inputs: { X }, attributes }) => ({
    Y: toBlocks(attributes.channelsLast ? channelsFirst(X) : X),
  }),
  ReorderOutput: ({ inputs: { X }, attributes }) => {
    const plain = fromBlocks(X);
    return { Y: attributes.channelsLast ? channelsLast(plain) : plain };
  },
  BlockedConv: ({ inputs: { X, W, B, Sum }, attributes, dtype }) => {
    const isPlainInput = attributes.group === 1 && X.shape[1]! < BLOCK;
    const inputs = { X: isPlainInput ? X : fromBlocks(X), W: fromWeightBlocks(W), B };
    const { Y } = convolution.Conv({ inputs, attributes, dtype });
    const sum = Sum ? fromBlocks(Sum).data : null;
    const data = Y.data.map((y, at) => y + (sum?.[at] ?? 0));
    return {
      Y: toBlocks({
        shape: Y.shape,
        data: attributes.activation === "Relu" ? data.map((y) => Math.max(y, 0)) : data,
      }),
    };
  },
  BlockedGlobalAveragePool: ({ inputs: { X }, ...rest }) =>
    pooling.GlobalAveragePool({ inputs: { X: fromBlocks(X) }, ...rest }),
} satisfies Kernels<"ReorderInput" | "ReorderOutput" | "BlockedConv" | "BlockedGlobalAveragePool">;
