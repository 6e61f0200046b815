/** @file Cases of poolings and their gradients. */

import type { poolingShapes } from "../../../src/ops/pooling.js";
import { pooling } from "../reference/pooling.js";
import type { Draw } from "./draw.js";
import { drawn, type OpCases } from "./opCase.js";

/** Windows that overlap or leave gaps, with padding less than the kernel. */
function geometry(draw: Draw, mostDilation: number) {
  const kernelShape = draw.ints(2, 1, 3);
  const strides = draw.ints(2, 1, 3);
  const dilations = draw.ints(2, 1, mostDilation);
  const pads = draw.list(4, (at) => draw.int(0, kernelShape[at % 2]! - 1));
  const reach = kernelShape.map((kernel, at) => dilations[at]! * (kernel - 1) + 1);
  // An input no shorter than the dilation: otherwise a window could lie in the padding alone.
  const inputSize = reach.map((covered, at) =>
    Math.max(dilations[at]!, covered - pads[at]! - pads[at + 2]! + draw.int(0, 3)),
  );
  const outputSize = inputSize.map((size, at) =>
    Math.floor((size + pads[at]! + pads[at + 2]! - reach[at]!) / strides[at]! + 1),
  );
  const maps = draw.ints(2, 1, 2);
  return {
    kernelShape,
    strides,
    pads,
    dilations,
    inputSize,
    x: [...maps, ...inputSize],
    y: [...maps, ...outputSize],
  };
}

export const poolingCases = {
  MaxPool: drawn((draw) => {
    const { x, y: _, inputSize: __, ...attributes } = geometry(draw, 2);
    return {
      inputs: { X: draw.batched(draw.distinctFloats(x)[0]!) },
      build: ({ op }, { X }) => {
        const { Y, Indices } = op.maxPoolWithIndices(X!, attributes);
        return [Y, Indices];
      },
      detail: attributes,
    };
  }),
  MaxPoolGradient: drawn((draw) => {
    const { x, y, inputSize: _, ...attributes } = geometry(draw, 2);
    // Few values, so that maxima tie.
    const X = draw.wholes(x, -1, 1, "float32");
    const { Y } = pooling.MaxPool({ inputs: { X: X.value }, attributes, dtype: "float32" });
    return {
      inputs: { dY: draw.floats(y), X, Y: { dtype: "float32", shape: y, value: Y } },
      build: ({ op }, { dY, X, Y }) => [op.maxPoolGradient(dY!, X!, Y!, attributes)],
      detail: attributes,
    };
  }),
  AveragePool: drawn((draw) => {
    const { x, kernelShape, strides, pads } = geometry(draw, 1);
    const attributes = { kernelShape, strides, pads, countIncludePad: draw.int(0, 1) };
    return {
      inputs: { X: draw.batched(draw.floats(x)) },
      build: ({ op }, { X }) => [op.averagePool(X!, attributes)],
      detail: attributes,
    };
  }),
  AveragePoolGradient: drawn((draw) => {
    const { y, inputSize, kernelShape, strides, pads } = geometry(draw, 1);
    const attributes = { kernelShape, strides, pads, inputSize, countIncludePad: draw.int(0, 1) };
    return {
      inputs: { dY: draw.batched(draw.floats(y)) },
      build: ({ op }, { dY }) => [op.averagePoolGradient(dY!, attributes)],
      detail: attributes,
    };
  }),
  GlobalAveragePool: drawn((draw) => ({
    inputs: { X: draw.batched(draw.floats(draw.ints(4, 1, 3))) },
    build: ({ op }, { X }) => [op.globalAveragePool(X!)],
  })),
} satisfies OpCases<keyof typeof poolingShapes>;
