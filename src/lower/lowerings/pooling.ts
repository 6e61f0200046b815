/** @file Gradients of poolings in ONNX operators. */

import type { NodeView, Value } from "../../ir/graph.js";
import { elementCount } from "../../ir/shape.js";
import type { OpBuilder } from "../../ops/table.js";

const sizes = (x: Value): number[] => [...x.shape] as number[];

/** Recomputes where each maximum stood and adds dY there. */
export function maxPoolGradientByIndices(op: OpBuilder, node: NodeView<"MaxPoolGradient">): Value {
  const { dY, X } = node.inputs;
  const { Indices } = op.maxPoolWithIndices(X, node.attributes);
  const zeros = op.expand(op.scalar(0, X), [elementCount(sizes(X))]);
  const added = op.scatterElements(zeros, op.reshape(Indices, [-1]), op.reshape(dY, [-1]), 0, "add");
  return op.reshape(added, sizes(X));
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
