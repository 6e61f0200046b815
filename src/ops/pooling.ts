/** @file Poolings and their gradients, on feature maps [N, C, H, W]. */

import { ShapeError } from "../errors.js";
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

/** Height and width of feature maps [N, C, H, W]. @throws ShapeError unless they are known */
function mapSize({ name, shape }: Value): readonly [number, number] {
  const [height, width] = shape.slice(2);
  if (shape.length === 4 && typeof height === "number" && typeof width === "number") return [height, width];
  throw new ShapeError(
    `adaptive average pooling: ${name} is ${showShape(shape)}, expected rank 4 and sizes on its last two axes`,
  );
}

/**
 * Windows that share `size` pixels evenly among `count` outputs, as rows of averaging weights [count, size]: output i
 * is the mean of the pixels from ⌊i·size/count⌋ to ⌈(i+1)·size/count⌉. They overlap where size is no multiple of count.
 */
function evenWindows(size: number, count: number): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const [first, end] = [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)];
    return Array.from({ length: size }, (_, pixel) =>
      pixel >= first && pixel < end ? 1 / (end - first) : 0,
    );
  });
}

export function poolingOps({ emit, constant }: Emitter) {
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
    /**
     * x [N, C, H, W] averaged to `side` × `side` whatever its size, repeating pixels where it is smaller. Equal
     * windows are a pooling; others differ in size, and are products with constant matrices from both sides.
     * @throws ShapeError unless height and width are known
     * Source: torch.nn.AdaptiveAvgPool2d
     */
    adaptiveAveragePool: (x: Value, side: number): Value => {
      const [height, width] = mapSize(x);
      if (height === side && width === side) return x;
      if (height % side === 0 && width % side === 0) {
        const window = [height / side, width / side];
        return emit("AveragePool", { X: x }, { kernelShape: window, strides: window }).Y;
      }
      const [rows, columns] = [evenWindows(height, side), evenWindows(width, side)];
      const turned = Array.from({ length: width }, (_, pixel) => columns.map((window) => window[pixel]!));
      const matrix = (shape: readonly number[], data: number[][]) =>
        constant({ dtype: x.dtype, shape, data: data.flat() });
      const narrow = emit("MatMul", { A: x, B: matrix([width, side], turned) }, {}).Y; // [N, C, H, side]
      return emit("MatMul", { A: matrix([side, height], rows), B: narrow }, {}).Y;
    },
    /** Mean of each map, [N, C, 1, 1]. */
    globalAveragePool: (x: Value) => emit("GlobalAveragePool", { X: x }, {}).Y,
  };
}
