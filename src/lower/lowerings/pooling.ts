/** @file Gradients of poolings in ONNX operators. */

import type { NodeView, Value } from "../../ir/graph.js";
import { elementCount } from "../../ir/shape.js";
import type { SliceRange } from "../../ops/layout.js";
import type { OpBuilder } from "../../ops/table.js";
import { reach } from "../../ops/window.js";

const sizes = (x: Value): number[] => [...x.shape] as number[];

/** Recomputes where each maximum stood and adds dY there. */
export function maxPoolGradientByIndices(op: OpBuilder, node: NodeView<"MaxPoolGradient">): Value {
  const { dY, X } = node.inputs;
  const { Indices } = op.maxPoolWithIndices(X, node.attributes);
  const zeros = op.expand(op.scalar(0, X), [elementCount(sizes(X))]);
  const added = op.scatterElements(zeros, op.reshape(Indices, [-1]), op.reshape(dY, [-1]), 0, "add");
  return op.reshape(added, sizes(X));
}

/** Below every pixel: padding must not pass for a maximum. */
const LOWEST = -3.4028234663852886e38;

/** Elements along one direction of the map that tap `tap` of the kernel sees, one for each window. */
function tapRange(node: NodeView<"MaxPoolGradient">, at: 0 | 1, tap: number): SliceRange {
  const { strides, dilations } = node.attributes;
  const start = tap * dilations[at]!;
  const count = sizes(node.inputs.dY)[at + 2]!;
  return { axis: at + 2, start, end: start + (count - 1) * strides[at]! + 1, step: strides[at]! };
}

/**
 * Without indices: where tap after tap of the kernel equals the maximum, the window's dY is taken, once. A transposed
 * convolution, whose kernel has a single one for each tap, carries what was taken to its pixel.
 */
export function maxPoolGradientByTaps(op: OpBuilder, node: NodeView<"MaxPoolGradient">): Value {
  const { dY, X, Y } = node.inputs;
  const { kernelShape, strides, pads, dilations } = node.attributes;
  const [batch, channels, height, width] = sizes(dY) as [number, number, number, number];
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const lowest = op.constant({ dtype: X.dtype, shape: [], data: [LOWEST] });
  const padded = pads.some((pad) => pad > 0) ? op.pad(X, [0, 0, top, left, 0, 0, bottom, right], lowest) : X;
  const zero = op.scalar(0, dY);
  const [rows, columns] = kernelShape as [number, number];
  const taken: Value[] = [];
  let rest = dY;
  for (let tap = 0; tap < rows * columns; tap++) {
    const ranges = [tapRange(node, 0, Math.floor(tap / columns)), tapRange(node, 1, tap % columns)];
    const isMost = op.equal(op.slice(padded, ranges), Y);
    taken.push(op.reshape(op.where(isMost, rest, zero), [batch * channels, 1, height, width]));
    rest = op.where(isMost, zero, rest);
  }
  const kernel = Array.from({ length: taken.length ** 2 }, (_, at) =>
    at % (taken.length + 1) === 0 ? 1 : 0,
  );
  const ones = op.constant({ dtype: dY.dtype, shape: [taken.length, 1, rows, columns], data: kernel });
  const outputPadding = remainder(node);
  const spread = op.convTranspose(op.concat(taken, 1), ones, { strides, pads, dilations, outputPadding });
  return op.reshape(spread, sizes(X));
}

/** Pixels beyond the last window. */
function remainder({ inputs: { dY, X }, attributes }: NodeView<"MaxPoolGradient">): number[] {
  const { kernelShape, strides, pads, dilations } = attributes;
  return [0, 1].map((at) => {
    const covered = (sizes(dY)[at + 2]! - 1) * strides[at]! + reach(kernelShape[at]!, dilations[at]!);
    return sizes(X)[at + 2]! + pads[at]! + pads[at + 2]! - covered;
  });
}

/** Pixels that each window averages: fewer at the border where padding does not count. */
function windowCounts(node: NodeView<"AveragePoolGradient">): number[] {
  const { kernelShape, strides, pads, inputSize, countIncludePad } = node.attributes;
  const [height, width] = sizes(node.inputs.dY).slice(2) as [number, number];
  const along = (at: 0 | 1, position: number) => {
    const start = position * strides[at]! - pads[at]!;
    const covered = Math.min(start + kernelShape[at]!, inputSize[at]!) - Math.max(start, 0);
    return countIncludePad ? kernelShape[at]! : covered;
  };
  return Array.from(
    { length: height * width },
    (_, at) => along(0, Math.floor(at / width)) * along(1, at % width),
  );
}

/** Spreads dY over its windows by a transposed convolution with ones, each map on its own. */
export function averagePoolGradientByConvTranspose(
  op: OpBuilder,
  node: NodeView<"AveragePoolGradient">,
): Value {
  const { dY } = node.inputs;
  const { kernelShape, strides, pads, inputSize } = node.attributes;
  const [batch, channels, height, width] = sizes(dY) as [number, number, number, number];
  const shares = windowCounts(node).map((count) => 1 / count);
  const share = op.constant({ dtype: dY.dtype, shape: [1, 1, height, width], data: shares });
  const ones = new Array<number>(elementCount(kernelShape)).fill(1);
  const kernel = op.constant({ dtype: dY.dtype, shape: [1, 1, ...kernelShape], data: ones });
  const outputPadding = [0, 1].map(
    (at) =>
      inputSize[at]! +
      pads[at]! +
      pads[at + 2]! -
      ((at === 0 ? height : width) - 1) * strides[at]! -
      kernelShape[at]!,
  );
  const maps = op.reshape(op.mul(dY, share), [batch * channels, 1, height, width]);
  const spread = op.convTranspose(maps, kernel, { strides, pads, outputPadding });
  return op.reshape(spread, [batch, channels, ...inputSize]);
}
