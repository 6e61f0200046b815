/** @file Gradients of operators that only move numbers: each moves them back. */

import type { Value } from "../../ir/graph.js";
import { normalizeAxes, normalizeAxis, type Dim } from "../../ir/shape.js";
import type { layoutShapes } from "../../ops/layout.js";
import type { OpBuilder } from "../../ops/table.js";
import type { GradRules } from "../rule.js";

const zeros = (rank: number): number[] => new Array<number>(rank).fill(0);

/** Pads (or, below zero, cuts) one axis. */
function padAxis(op: OpBuilder, x: Value, axis: number, begin: number, end: number): Value {
  const pads = zeros(2 * x.shape.length);
  pads[axis] = begin;
  pads[axis + x.shape.length] = end;
  return begin === 0 && end === 0 ? x : op.pad(x, pads);
}

/** Puts `step - 1` zeros behind every entry of `axis`. */
function spread(op: OpBuilder, x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const apart = padAxis(op, op.unsqueeze(x, [axis + 1]), axis + 1, 0, step - 1);
  // 0 copies an axis, which keeps named dimensions in front of the sliced one; -1 infers one behind it.
  const behind = (dim: Dim) => (typeof dim === "number" ? dim : -1);
  const merged = x.shape.map((dim, at) =>
    at < axis ? 0 : at === axis ? (dim as number) * step : behind(dim),
  );
  return op.reshape(apart, merged);
}

/** Undoes one axis of a Slice: entries go back to where they were read, zeros elsewhere. */
function unslice(op: OpBuilder, dY: Value, axis: number, size: number, start: number, step: number): Value {
  const length = dY.shape[axis] as number;
  const clamped = Math.min(Math.max(start < 0 ? start + size : start, 0), step > 0 ? size : size - 1);
  const forward = step > 0;
  const first = forward ? clamped : clamped + step * (length - 1);
  const rising = forward ? dY : op.slice(dY, [{ axis, start: length - 1, end: -length - 1, step: -1 }]);
  const apart = spread(op, rising, axis, Math.abs(step));
  return padAxis(op, apart, axis, first, size - first - length * Math.abs(step));
}

export const layoutRules = {
  Shape: { noGradient: "a shape is made of whole numbers" },
  Range: { noGradient: "a range is made of whole numbers" },
  Reshape: ({ op, inputs, dY }) => ({ data: () => op.reshapeLike(dY, inputs.data), shape: null }),
  Flatten: ({ op, inputs, dY }) => ({ X: () => op.reshapeLike(dY, inputs.X) }),
  Transpose: ({ op, attributes: { perm }, dY }) => ({
    X: () =>
      op.transpose(
        dY,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
  }),
  Concat: ({ op, inputs: { inputs }, attributes, dY }) => {
    const axis = normalizeAxis(attributes.axis, dY.shape.length, "Concat");
    let end = 0;
    return {
      inputs: inputs.map((x) => {
        const start = end;
        end += x.shape[axis] as number;
        const range = { axis, start, end };
        return () => (inputs.length === 1 ? dY : op.slice(dY, [range]));
      }),
    };
  },
  Slice: ({ op, inputs, ints, dY }) => ({
    data: () => {
      const { shape } = inputs.data;
      const [starts, steps] = [ints(inputs.starts), ints(inputs.steps)];
      const axes = normalizeAxes(ints(inputs.axes), shape.length, "Slice");
      const back = (dX: Value, axis: number, at: number) =>
        unslice(op, dX, axis, shape[axis] as number, starts[at]!, steps[at]!);
      // An empty slice read nothing.
      return dY.shape.includes(0) ? op.expandLike(op.scalar(0, dY), inputs.data) : axes.reduce(back, dY);
    },
    starts: null,
    ends: null,
    axes: null,
    steps: null,
  }),
  Pad: ({ op, inputs, ints, dY }) => ({
    data: () =>
      op.pad(
        dY,
        ints(inputs.pads).map((pad) => -pad),
      ),
    pads: null,
    value: null,
  }),
  // The engine sums the broadcast
  Expand: ({ dY }) => ({ input: () => dY, shape: null }),
  Squeeze: ({ op, inputs, dY }) => ({ data: () => op.reshapeLike(dY, inputs.data), axes: null }),
  Unsqueeze: ({ op, inputs, dY }) => ({ data: () => op.reshapeLike(dY, inputs.data), axes: null }),
} satisfies GradRules<keyof typeof layoutShapes>;
