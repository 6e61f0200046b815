/** @file Operators that move or view numbers. */

import type { KernelContext, Kernels } from "./kernel.js";
import { axisOf, broadcastShape, elementOf, ndArray, sizeOf, tabulate, type NdArray } from "./ndArray.js";

type Layout =
  | "Shape"
  | "Range"
  | "Reshape"
  | "Flatten"
  | "Transpose"
  | "Concat"
  | "Slice"
  | "Pad"
  | "Expand"
  | "Squeeze"
  | "Unsqueeze";

const view = (x: NdArray, shape: readonly number[]): NdArray => ndArray(shape, x.data);

function reshape({ inputs: { data, shape } }: KernelContext<"Reshape">): { reshaped: NdArray } {
  const asked = Array.from(shape.data, (size, axis) => (size === 0 ? data.shape[axis]! : size));
  const known = sizeOf(asked.filter((size) => size !== -1));
  return {
    reshaped: view(
      data,
      asked.map((size) => (size === -1 ? data.data.length / known : size)),
    ),
  };
}

function concat({ inputs: { inputs }, attributes }: KernelContext<"Concat">): { result: NdArray } {
  const first = inputs[0]!.shape;
  const along = axisOf(attributes.axis, first.length);
  const total = inputs.reduce((sum, input) => sum + input.shape[along]!, 0);
  const shape = first.map((size, axis) => (axis === along ? total : size));
  const result = tabulate(shape, (at) => {
    let offset = at[along]!;
    const source = inputs.find((input) => {
      if (offset < input.shape[along]!) return true;
      offset -= input.shape[along]!;
      return false;
    })!;
    return elementOf(
      source,
      at.map((coordinate, axis) => (axis === along ? offset : coordinate)),
    );
  });
  return { result };
}

/** Every row that numpy's x[start:end:step] visits, start and end being clamped as ONNX says. */
function sliceRows(size: number, start: number, end: number, step: number): number[] {
  const wrap = (at: number) => (at < 0 ? at + size : at);
  const clamp = (at: number, low: number, high: number) => Math.max(low, Math.min(high, at));
  const from = clamp(wrap(start), 0, step > 0 ? size : size - 1);
  const to = clamp(wrap(end), step > 0 ? 0 : -1, step > 0 ? size : size - 1);
  const rows: number[] = [];
  for (let row = from; step > 0 ? row < to : row > to; row += step) rows.push(row);
  return rows;
}

function slice({ inputs: { data, starts, ends, axes, steps } }: KernelContext<"Slice">): { output: NdArray } {
  const rows = data.shape.map((size) => Array.from({ length: size }, (_, row) => row));
  axes.data.forEach((asked, at) => {
    const axis = axisOf(asked, data.shape.length);
    rows[axis] = sliceRows(data.shape[axis]!, starts.data[at]!, ends.data[at]!, steps.data[at]!);
  });
  const shape = rows.map((list) => list.length);
  return {
    output: tabulate(shape, (at) =>
      elementOf(
        data,
        at.map((coordinate, axis) => rows[axis]![coordinate]!),
      ),
    ),
  };
}

function pad({ inputs: { data, pads, value } }: KernelContext<"Pad">): { output: NdArray } {
  const rank = data.shape.length;
  const shape = data.shape.map((size, axis) => size + pads.data[axis]! + pads.data[axis + rank]!);
  const output = tabulate(shape, (at) => {
    const source = at.map((coordinate, axis) => coordinate - pads.data[axis]!);
    const inside = source.every((coordinate, axis) => coordinate >= 0 && coordinate < data.shape[axis]!);
    return inside ? elementOf(data, source) : (value?.data[0] ?? 0);
  });
  return { output };
}

export const layout = {
  Shape: ({ inputs }) => ({ shape: ndArray([inputs.data.shape.length], inputs.data.shape) }),
  Range: ({ inputs: { start, limit, delta } }) => {
    const [first, end, step] = [start.data[0]!, limit.data[0]!, delta.data[0]!];
    const count = Math.max(0, Math.ceil((end - first) / step));
    return { output: tabulate([count], ([at]) => first + at! * step) };
  },
  Reshape: reshape,
  Flatten: ({ inputs: { X }, attributes }) => {
    const split = axisOf(attributes.axis, X.shape.length);
    return { Y: view(X, [sizeOf(X.shape.slice(0, split)), sizeOf(X.shape.slice(split))]) };
  },
  Transpose: ({ inputs: { X }, attributes: { perm } }) => ({
    Y: tabulate(
      perm.map((axis) => X.shape[axis]!),
      (at) =>
        elementOf(
          X,
          X.shape.map((_, axis) => at[perm.indexOf(axis)]!),
        ),
    ),
  }),
  Concat: concat,
  Slice: slice,
  Pad: pad,
  Expand: ({ inputs: { input, shape } }) => ({
    output: tabulate(broadcastShape(input.shape, Array.from(shape.data)), (at) => elementOf(input, at)),
  }),
  Squeeze: ({ inputs: { data, axes } }) => {
    const dropped = Array.from(axes.data, (axis) => axisOf(axis, data.shape.length));
    return {
      squeezed: view(
        data,
        data.shape.filter((_, axis) => !dropped.includes(axis)),
      ),
    };
  },
  Unsqueeze: ({ inputs: { data, axes } }) => {
    const rank = data.shape.length + axes.data.length;
    const added = Array.from(axes.data, (axis) => axisOf(axis, rank));
    const sizes = [...data.shape];
    return {
      expanded: view(
        data,
        Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : sizes.shift()!)),
      ),
    };
  },
} satisfies Kernels<Layout>;
