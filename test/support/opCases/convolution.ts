/** @file Cases of convolutions and their gradients. */

import type { convolutionShapes } from "../../../src/ops/convolution.js";
import { named, type Draw } from "./draw.js";
import { drawn, type OpCases } from "./opCase.js";

/** A convolution of x [N, C, H, W] by w [K, C/group, kH, kW] into y [N, K, H', W']. */
function geometry(draw: Draw) {
  const group = draw.int(1, 2);
  const [batch, groupChannels, groupFilters] = draw.ints(3, 1, 2) as [number, number, number];
  const kernelShape = draw.ints(2, 1, 3);
  const strides = draw.ints(2, 1, 3);
  const dilations = draw.ints(2, 1, 2);
  const pads = draw.ints(4, 0, 2);
  const reach = kernelShape.map((kernel, at) => dilations[at]! * (kernel - 1) + 1);
  const inputSize = reach.map((covered, at) =>
    Math.max(1, covered - pads[at]! - pads[at + 2]! + draw.int(0, 3)),
  );
  const outputSize = inputSize.map((size, at) =>
    Math.floor((size + pads[at]! + pads[at + 2]! - reach[at]!) / strides[at]! + 1),
  );
  return {
    kernelShape,
    inputSize,
    attributes: { strides, pads, dilations, group },
    x: [batch, group * groupChannels, ...inputSize],
    w: [group * groupFilters, groupChannels, ...kernelShape],
    y: [batch, group * groupFilters, ...outputSize],
  };
}

export const convolutionCases = {
  Conv: drawn((draw) => {
    const { attributes, x, w } = geometry(draw);
    return {
      inputs: {
        X: draw.batched(draw.floats(x)),
        W: draw.floats(w),
        ...(draw.bool() && { B: draw.floats([w[0]!]) }),
      },
      build: ({ op }, { X, W, B }) => [op.conv(X!, W!, attributes, B ?? null)],
      detail: attributes,
    };
  }),
  ConvTranspose: drawn((draw) => {
    const { attributes, inputSize, kernelShape, w, y } = geometry(draw);
    const { strides, pads, dilations } = attributes;
    // The output padding that recovers the size of x.
    const outputPadding = inputSize.map((size, at) => {
      const covered = dilations[at]! * (kernelShape[at]! - 1) + 1;
      return (size + pads[at]! + pads[at + 2]! - covered) % strides[at]!;
    });
    return {
      inputs: { X: draw.batched(draw.floats(y)), W: draw.floats(w) },
      build: ({ op }, { X, W }) => [op.convTranspose(X!, W!, { ...attributes, outputPadding })],
      detail: { ...attributes, outputPadding },
    };
  }),
  ConvInputGradient: drawn((draw) => {
    const { attributes, inputSize, w, y } = geometry(draw);
    return {
      inputs: { dY: draw.batched(draw.floats(y)), W: draw.floats(w) },
      build: ({ op }, { dY, W }) => [op.convInputGradient(dY!, W!, { ...attributes, inputSize })],
      detail: { ...attributes, inputSize },
    };
  }),
  ConvWeightGradient: drawn((draw) => {
    const { attributes, kernelShape, x, y } = geometry(draw);
    const inputs = { dY: draw.floats(y), X: draw.floats(x) };
    return {
      inputs: draw.bool() ? { dY: named(inputs.dY), X: named(inputs.X) } : inputs,
      build: ({ op }, { dY, X }) => [op.convWeightGradient(dY!, X!, { ...attributes, kernelShape })],
      detail: { ...attributes, kernelShape },
    };
  }),
} satisfies OpCases<keyof typeof convolutionShapes>;
