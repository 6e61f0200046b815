/** @file Poolings and their gradients, on feature maps [N, C, H, W]. */

import type { Value } from "../ir/graph.js";
import type { AttributesFor } from "../ir/opTable.js";
import { showShape, type Shape } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeContext, ShapeRules } from "./shapeRule.js";
import { checkWindow, windowOutput, type Window } from "./window.js";

/** True where no pixel of the picture lies under the window at `position` along one direction. */
function seesNothing(window: Window, at: 0 | 1, size: number, position: number): boolean {
  const first = position * window.strides[at]! - window.pads[at]!;
  const dilation = window.dilations?.[at] ?? 1;
  const taps = Array.from({ length: window.kernelShape[at]! }, (_, tap) => first + tap * dilation);
  return taps.every((tap) => tap < 0 || tap >= size);
}

function pooled(x: Shape, window: Window, fail: (message: string) => never): Shape {
  if (x.length !== 4) fail(`X is ${showShape(x)}, expected rank 4`);
  const spatial = windowOutput(x, window, fail) as number[];
  // A window over padding alone would have no maximum and no mean.
  for (const at of [0, 1] as const) {
    const positions = Array.from({ length: spatial[at]! }, (_, position) => position);
    if (positions.some((position) => seesNothing(window, at, x[at + 2] as number, position))) {
      fail(
        `pads are [${window.pads.join(", ")}] with kernel [${window.kernelShape.join(", ")}], ` +
          "expected every window to cover a pixel; lower the padding",
      );
    }
  }
  return [x[0]!, x[1]!, ...spatial];
}

function maxPoolGradient({ inputs: { dY, X, Y }, attributes, fail }: ShapeContext<"MaxPoolGradient">): {
  dX: Shape;
} {
  const expected = showShape(pooled(X.shape, attributes, fail));
  if (showShape(dY.shape) !== expected || showShape(Y.shape) !== expected) {
    fail(`dY is ${showShape(dY.shape)}, Y is ${showShape(Y.shape)}, expected ${expected}`);
  }
  return { dX: X.shape };
}

function averagePoolGradient({ inputs: { dY }, attributes, fail }: ShapeContext<"AveragePoolGradient">): {
  dX: Shape;
} {
  const dX = [...dY.shape.slice(0, 2), ...attributes.inputSize];
  const expected = showShape(pooled(dX, attributes, fail));
  if (showShape(dY.shape) !== expected) fail(`dY is ${showShape(dY.shape)}, expected ${expected}`);
  return { dX };
}

type Pooling = "MaxPool" | "MaxPoolGradient" | "AveragePool" | "AveragePoolGradient" | "GlobalAveragePool";

export const poolingShapes = {
  MaxPool: (ctx) =>
    checkWindow(ctx, ({ inputs, attributes, fail }) => {
      const shape = pooled(inputs.X.shape, attributes, fail);
      return { Y: shape, Indices: shape };
    }),
  MaxPoolGradient: (ctx) => checkWindow(ctx, maxPoolGradient),
  AveragePool: (ctx) =>
    checkWindow(ctx, ({ inputs, attributes, fail }) => ({ Y: pooled(inputs.X.shape, attributes, fail) })),
  AveragePoolGradient: (ctx) => checkWindow(ctx, averagePoolGradient),
  GlobalAveragePool: ({ inputs: { X }, fail }) => {
    if (X.shape.length !== 4) fail(`X is ${showShape(X.shape)}, expected rank 4`);
    return { Y: [X.shape[0]!, X.shape[1]!, 1, 1] };
  },
} satisfies ShapeRules<Pooling>;

export function poolingOps({ emit }: Emitter) {
  return {
    maxPool: (x: Value, attributes: AttributesFor<"MaxPool">) => emit("MaxPool", { X: x }, attributes).Y,
    /** The maxima, and where each stood: its position in x flattened whole. */
    maxPoolWithIndices: (x: Value, attributes: AttributesFor<"MaxPool">) =>
      emit("MaxPool", { X: x }, attributes),
    /** Gradient of maxPool: each dY goes to the first maximum of its window, in row-major order. */
    maxPoolGradient: (dY: Value, x: Value, y: Value, attributes: AttributesFor<"MaxPoolGradient">) =>
      emit("MaxPoolGradient", { dY, X: x, Y: y }, attributes).dX,
    averagePool: (x: Value, attributes: AttributesFor<"AveragePool">) =>
      emit("AveragePool", { X: x }, attributes).Y,
    averagePoolGradient: (dY: Value, attributes: AttributesFor<"AveragePoolGradient">) =>
      emit("AveragePoolGradient", { dY }, attributes).dX,
    /** Mean of each map, [N, C, 1, 1]. */
    globalAveragePool: (x: Value) => emit("GlobalAveragePool", { X: x }, {}).Y,
  };
}
