/** @file Operators that move or view numbers and compute none. */

import type { Value } from "../ir/graph.js";
import {
  broadcastShapes,
  elementCount,
  isStatic,
  normalizeAxes,
  normalizeAxis,
  showShape,
  type Dim,
  type Shape,
} from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeContext, ShapeRules } from "./shapeRule.js";

/** Splits a shape into the product of its sizes and the sorted list of its names. */
function factor(shape: Shape): { size: number; names: string[] } {
  return {
    size: shape.reduce<number>((product, dim) => (typeof dim === "number" ? product * dim : product), 1),
    names: shape.filter((dim) => typeof dim === "string").sort(),
  };
}

/** The dimension that -1 stands for, so that `target` holds as many elements as `source`. */
function inferDim(source: Shape, target: Shape, ctx: ShapeContext<"Reshape">): Dim {
  const have = factor(source);
  const want = factor(target.filter((dim) => dim !== -1));
  const left = [...have.names];
  for (const name of want.names) {
    const at = left.indexOf(name);
    if (at < 0)
      ctx.fail(
        `data is ${showShape(source)}, which has no dimension "${name}" of shape ${showShape(target)}`,
      );
    left.splice(at, 1);
  }
  if (left.length === 0 && want.size > 0 && have.size % want.size === 0) return have.size / want.size;
  if (left.length === 1 && have.size === want.size) return left[0]!;
  return ctx.fail(
    `data is ${showShape(source)}, whose elements do not divide into shape ${showShape(target)}`,
  );
}

function reshape(ctx: ShapeContext<"Reshape">): { reshaped: Shape } {
  const source = ctx.inputs.data.shape;
  const asked = ctx.dims(ctx.inputs.shape);
  if (asked.filter((dim) => dim === -1).length > 1)
    ctx.fail(`shape is ${showShape(asked)}, expected -1 at most once`);
  const target = asked.map((dim, axis) => {
    if (dim === 0)
      return (
        source[axis] ?? ctx.fail(`shape is ${showShape(asked)}: its 0 at ${axis} has no axis of data to copy`)
      );
    if (typeof dim === "number" && dim < -1)
      ctx.fail(`shape is ${showShape(asked)}, expected no size below -1`);
    return dim;
  });
  if (target.includes(-1))
    return { reshaped: target.map((dim) => (dim === -1 ? inferDim(source, target, ctx) : dim)) };
  const have = factor(source);
  const want = factor(target);
  if (have.size !== want.size || have.names.join() !== want.names.join()) {
    ctx.fail(
      `data is ${showShape(source)}, shape is ${showShape(target)}, expected as many elements in both`,
    );
  }
  return { reshaped: target };
}

function product(dims: Shape, where: ShapeContext<"Flatten">): Dim {
  if (isStatic(dims)) return elementCount(dims);
  const { size, names } = factor(dims);
  if (names.length === 1 && size === 1) return names[0]!;
  return where.fail(
    `cannot name the product of ${showShape(dims)}; expected at most one named dimension, alone`,
  );
}

function transpose({ inputs, attributes, fail }: ShapeContext<"Transpose">): { Y: Shape } {
  const { shape } = inputs.X;
  const { perm } = attributes;
  const isPermutation = perm.length === shape.length && shape.every((_, axis) => perm.includes(axis));
  if (!isPermutation)
    fail(`perm is [${perm.join(", ")}], expected the axes of ${showShape(shape)} in some order`);
  return { Y: perm.map((axis) => shape[axis]!) };
}

/** Whole numbers from `start` to before `limit`: as many as a named dimension has, or a count known while building. */
function range({ inputs, dims, fail }: ShapeContext<"Range">): { output: Shape } {
  const [start, limit, delta] = [inputs.start, inputs.limit, inputs.delta].map((input) =>
    input.shape.length === 0
      ? dims(input)[0]!
      : fail(`${input.name} is ${showShape(input.shape)}, expected []`),
  ) as [Dim, Dim, Dim];
  if (typeof limit === "string" && start === 0 && delta === 1) return { output: [limit] };
  if (typeof start === "string" || typeof limit === "string" || typeof delta === "string" || delta === 0)
    return fail(
      `runs from ${start} to ${limit} by ${delta}, expected numbers, or 0 to a named dimension by 1`,
    );
  return { output: [Math.max(0, Math.ceil((limit - start) / delta))] };
}

function concat({ inputs, attributes, where, fail }: ShapeContext<"Concat">): { result: Shape } {
  const [first, ...rest] = inputs.inputs.map((value) => value.shape);
  if (first === undefined) return fail("has no inputs, expected at least one");
  const along = normalizeAxis(attributes.axis, first.length, where);
  const total = rest.reduce<Dim>((sum, shape) => {
    const fits =
      shape.length === first.length && shape.every((dim, axis) => axis === along || dim === first[axis]);
    if (!fits)
      fail(
        `inputs are ${showShape(first)} and ${showShape(shape)}, expected them equal but on axis ${along}`,
      );
    const dim = shape[along]!;
    return typeof sum === "number" && typeof dim === "number"
      ? sum + dim
      : fail(`axis ${along} has a named dimension, expected sizes`);
  }, first[along]!);
  return { result: first.map((dim, axis) => (axis === along ? total : dim)) };
}

/** Number of steps from `start` towards `end` along an axis of `size`, by the rules of Slice. */
function sliceLength(size: number, start: number, end: number, step: number): number {
  const clamp = (at: number, low: number, high: number) =>
    Math.min(Math.max(at < 0 ? at + size : at, low), high);
  const from = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  const to = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  return Math.max(0, Math.ceil((to - from) / step));
}

function slice({ inputs, ints, where, fail }: ShapeContext<"Slice">): { output: Shape } {
  const { shape } = inputs.data;
  const [starts, ends, steps] = [ints(inputs.starts), ints(inputs.ends), ints(inputs.steps)];
  const axes = normalizeAxes(ints(inputs.axes), shape.length, where);
  if (![starts, ends, steps].every((list) => list.length === axes.length)) {
    fail(
      `${starts.length} starts, ${ends.length} ends, ${axes.length} axes, ${steps.length} steps, expected as many of each`,
    );
  }
  const output = [...shape];
  axes.forEach((axis, at) => {
    const dim = shape[axis]!;
    if (typeof dim === "string") fail(`axis ${axis} is the named dimension "${dim}", expected a size`);
    if (steps[at] === 0) fail(`step of axis ${axis} is 0, expected another number`);
    output[axis] = sliceLength(dim as number, starts[at]!, ends[at]!, steps[at]!);
  });
  return { output };
}

function pad({ inputs, attributes, ints, fail }: ShapeContext<"Pad">): { output: Shape } {
  const { shape } = inputs.data;
  const pads = ints(inputs.pads);
  if (attributes.mode !== "constant") fail(`mode is "${attributes.mode}", expected "constant"`);
  if (pads.length !== 2 * shape.length)
    fail(
      `${pads.length} pads, expected ${2 * shape.length}: a begin and an end for each axis of ${showShape(shape)}`,
    );
  return {
    output: shape.map((dim, axis) => {
      const extra = pads[axis]! + pads[axis + shape.length]!;
      if (extra === 0) return dim;
      if (typeof dim === "string")
        return fail(`axis ${axis} is the named dimension "${dim}", expected a size to pad`);
      return dim + extra >= 0
        ? dim + extra
        : fail(`pads [${pads.join(", ")}] leave axis ${axis} with ${dim + extra} elements`);
    }),
  };
}

function squeeze({ inputs, ints, where, fail }: ShapeContext<"Squeeze">): { squeezed: Shape } {
  const { shape } = inputs.data;
  const axes = normalizeAxes(ints(inputs.axes), shape.length, where);
  // onnxruntime takes an empty list for all axes of size 1.
  if (axes.length === 0) fail("axes are empty, expected at least one axis to drop");
  for (const axis of axes)
    if (shape[axis] !== 1) fail(`axis ${axis} of ${showShape(shape)} has size ${shape[axis]}, expected 1`);
  return { squeezed: shape.filter((_, axis) => !axes.includes(axis)) };
}

function unsqueeze({ inputs, ints, where }: ShapeContext<"Unsqueeze">): { expanded: Shape } {
  const { shape } = inputs.data;
  const asked = ints(inputs.axes);
  const axes = normalizeAxes(asked, shape.length + asked.length, where);
  const dims = [...shape];
  return {
    expanded: Array.from({ length: shape.length + axes.length }, (_, axis) =>
      axes.includes(axis) ? 1 : dims.shift()!,
    ),
  };
}

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

export const layoutShapes = {
  Shape: ({ inputs }) => ({ shape: [inputs.data.shape.length] }),
  Range: range,
  Reshape: reshape,
  Flatten: (ctx) => {
    const { shape } = ctx.inputs.X;
    const { axis } = ctx.attributes;
    const split = axis === shape.length ? axis : normalizeAxis(axis, shape.length, ctx.where);
    return { Y: [product(shape.slice(0, split), ctx), product(shape.slice(split), ctx)] };
  },
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Pad: pad,
  Expand: ({ inputs, dims, where }) => ({
    output: broadcastShapes(inputs.input.shape, dims(inputs.shape), where),
  }),
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
} satisfies ShapeRules<Layout>;

export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  /** Exclusive; may lie beyond the end. */
  readonly end: number;
  readonly step?: number;
}

export function layoutOps({ emit, ints, constant }: Emitter) {
  const transposeTo = (x: Value, perm: readonly number[]) => emit("Transpose", { X: x }, { perm }).Y;
  const shapeOf = (x: Value) => emit("Shape", { data: x }, {}).shape;
  const whole = (value: number) => constant({ dtype: "int64", shape: [], data: [value] });

  return {
    shapeOf,
    /** 0, 1, … to before `limit`, an int64 [] that is a constant or was gathered from a Shape. */
    range: (limit: Value) => emit("Range", { start: whole(0), limit, delta: whole(1) }, {}).output,
    /** `shape` may hold -1 once, and 0 to copy the axis of x. */
    reshape: (x: Value, shape: readonly number[]) =>
      emit("Reshape", { data: x, shape: ints(shape) }, {}).reshaped,
    /** [d0·…, …]: all axes before `axis` as one, all others as one. */
    flatten: (x: Value, axis = 1) => emit("Flatten", { X: x }, { axis }).Y,
    transpose: transposeTo,
    concat: (values: readonly Value[], axis: number) => emit("Concat", { inputs: values }, { axis }).result,
    slice: (x: Value, ranges: readonly SliceRange[]): Value =>
      emit(
        "Slice",
        {
          data: x,
          starts: ints(ranges.map((range) => range.start)),
          ends: ints(ranges.map((range) => range.end)),
          axes: ints(ranges.map((range) => range.axis)),
          steps: ints(ranges.map((range) => range.step ?? 1)),
        },
        {},
      ).output,
    /** `value` [] around x, 0 by default: `pads` gives all begins, then all ends; negative ones cut. */
    pad: (x: Value, pads: readonly number[], value: Value | null = null) =>
      emit("Pad", { data: x, pads: ints(pads), value }, {}).output,
    /** Broadcasts x to `shape`. */
    expand: (x: Value, shape: readonly number[]) =>
      emit("Expand", { input: x, shape: ints(shape) }, {}).output,
    /** Broadcasts x to the shape of `like`, read while running where it is not known before. */
    expandLike: (x: Value, like: Value): Value => {
      const shape = isStatic(like.shape) ? ints(like.shape) : shapeOf(like);
      return emit("Expand", { input: x, shape }, {}).output;
    },
    /** Views x in the shape of `like`. */
    reshapeLike: (x: Value, like: Value): Value => {
      const shape = isStatic(like.shape) ? ints(like.shape) : shapeOf(like);
      return emit("Reshape", { data: x, shape }, {}).reshaped;
    },
    squeeze: (x: Value, axes: readonly number[]): Value =>
      axes.length === 0 ? x : emit("Squeeze", { data: x, axes: ints(axes) }, {}).squeezed,
    unsqueeze: (x: Value, axes: readonly number[]) =>
      emit("Unsqueeze", { data: x, axes: ints(axes) }, {}).expanded,
  };
}
