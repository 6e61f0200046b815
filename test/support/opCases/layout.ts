/** @file Cases of operators that move or view numbers. */

import type { layoutShapes } from "../../../src/ops/layout.js";
import { sizeOf } from "../reference/ndArray.js";
import type { Draw } from "./draw.js";
import { drawn, type OpCases } from "./opCase.js";

/** Another shape for as many elements: axes merged, copied by 0, added, or inferred by -1. */
function reshaped(draw: Draw, sizes: readonly number[]): number[] {
  const at = draw.int(0, sizes.length);
  const [head, tail] = [sizes.slice(0, at), sizes.slice(at)];
  return draw.pick([...head, sizeOf(tail)], [...head.map(() => 0), -1], [...tail, 1, ...head], [-1]);
}

function sliceRanges(draw: Draw, sizes: readonly number[]) {
  return draw.axes(sizes.length, 1).map((axis) => {
    const size = sizes.at(axis)!;
    const step = draw.pick(1, 2, 3, -1, -2, -3);
    const whole = step > 0 ? { start: 0, end: size + 2 } : { start: size + 2, end: -size - 1 };
    const part = { start: draw.int(-size - 1, size + 1), end: draw.int(-size - 1, size + 1) };
    return { axis, step, ...draw.pick(whole, part) };
  });
}

/** Sizes up to 5 on every axis, for what steps over rows. */
const longShape = (draw: Draw): number[] => draw.ints(draw.int(1, 3), 1, 5);

export const layoutCases = {
  Shape: drawn((draw) => ({
    inputs: { data: draw.batched(draw.floats(draw.shape(0, 4))) },
    build: ({ op }, { data }) => [op.shapeOf(data!)],
  })),
  Range: drawn((draw) => {
    const axis = draw.int(0, 2);
    const [start, limit] = draw.ints(2, -4, 4);
    const delta = draw.pick(1, 2, 3, -1, -2);
    return {
      inputs: { data: draw.batched(draw.floats(draw.shape(3, 3))) },
      build: (builder, { data }) => {
        const { op } = builder;
        const [from, to, by] = [start!, limit!, delta].map((number) => op.scalar(number, "int64"));
        return [
          op.range(op.gather(op.shapeOf(data!), op.scalar(axis, "int64"))),
          builder.emit("Range", { start: from!, limit: to!, delta: by! }, {}).output,
        ];
      },
      detail: { axis, start, limit, delta },
    };
  }),
  Reshape: drawn((draw) => {
    const sizes = draw.shape(0, 4);
    const shape = reshaped(draw, sizes);
    return {
      inputs: { data: draw.floats(sizes) },
      build: ({ op }, { data }) => [op.reshape(data!, shape)],
      detail: { shape },
    };
  }),
  Flatten: drawn((draw) => {
    const sizes = draw.shape(1, 4);
    const axis = draw.int(-sizes.length, sizes.length);
    const X = draw.floats(sizes);
    return {
      inputs: { X: axis === 1 ? draw.batched(X) : X },
      build: ({ op }, { X }) => [op.flatten(X!, axis)],
      detail: { axis },
    };
  }),
  Transpose: drawn((draw) => {
    const sizes = draw.shape(1, 4);
    const perm = draw.shuffled(sizes.map((_, axis) => axis));
    return {
      inputs: { X: draw.batched(draw.floats(sizes)) },
      build: ({ op }, { X }) => [op.transpose(X!, perm)],
      detail: { perm },
    };
  }),
  Concat: drawn((draw) => {
    const sizes = draw.shape(1, 4);
    const axis = draw.axis(sizes.length);
    const along = axis < 0 ? axis + sizes.length : axis;
    const name = draw.bool() && along > 0;
    const inputs = draw.list(draw.int(1, 3), (at) => {
      const own = sizes.map((size, other) => (other === along ? draw.int(1, 3) : size));
      const shape = name ? ["batch", ...own.slice(1)] : own;
      return [`x${at}`, draw.floats(own, "any", shape)] as const;
    });
    return {
      inputs: Object.fromEntries(inputs),
      build: ({ op }, values) => [op.concat(Object.values(values), axis)],
      detail: { axis },
    };
  }),
  Slice: drawn((draw) => {
    const sizes = longShape(draw);
    const ranges = sliceRanges(draw, sizes);
    const data = draw.floats(sizes);
    const whole = sizes.findIndex((_, axis) =>
      ranges.every((range) => range.axis !== axis && range.axis !== axis - sizes.length),
    );
    const shape = sizes.map((size, axis) => (axis === whole ? "batch" : size));
    return {
      inputs: { data: draw.bool() ? { ...data, shape } : data },
      build: ({ op }, { data }) => [op.slice(data!, ranges)],
      detail: ranges,
    };
  }),
  Pad: drawn((draw) => {
    const sizes = longShape(draw);
    // Negative pads cut, but leave at least one row.
    const begins = sizes.map((size) => draw.int(-Math.floor((size - 1) / 2), 2));
    const ends = sizes.map((size) => draw.int(-Math.floor((size - 1) / 2), 2));
    const pads = [...begins, ...ends];
    const value = draw.pick(null, 0, 1.5);
    const data = draw.floats(sizes);
    return {
      inputs: { data: begins[0] === 0 && ends[0] === 0 ? draw.batched(data) : data },
      build: (builder, { data }) => {
        const listed = builder.constant({ dtype: "int64", shape: [pads.length], data: pads });
        const filler = value === null ? null : builder.op.scalar(value);
        return [builder.emit("Pad", { data: data!, pads: listed, value: filler }, {}).output];
      },
      detail: { pads, value },
    };
  }),
  Expand: drawn((draw) => {
    const [input, target] = draw.broadcastShapes(2);
    return {
      inputs: { input: draw.floats(input!.sizes) },
      build: ({ op }, { input }) => [op.expand(input!, target!.sizes)],
      detail: target!.sizes,
    };
  }),
  Squeeze: drawn((draw) => {
    const rank = draw.int(1, 4);
    const axes = draw.axes(rank, 1);
    const sizes = draw.list(rank, (axis) =>
      axes.includes(axis) || axes.includes(axis - rank) ? 1 : draw.int(1, 3),
    );
    const data = draw.floats(sizes);
    return {
      inputs: { data: axes.includes(0) || axes.includes(-rank) ? data : draw.batched(data) },
      build: ({ op }, { data }) => [op.squeeze(data!, axes)],
      detail: { axes },
    };
  }),
  Unsqueeze: drawn((draw) => {
    const sizes = draw.shape(0, 3);
    const added = draw.int(1, 2);
    const rank = sizes.length + added;
    const order = draw.shuffled(draw.list(rank, (axis) => axis)).slice(0, added);
    const axes = order.map((axis) => (draw.bool() ? axis : axis - rank));
    return {
      inputs: { data: draw.batched(draw.floats(sizes)) },
      build: ({ op }, { data }) => [op.unsqueeze(data!, axes)],
      detail: { axes },
    };
  }),
} satisfies OpCases<keyof typeof layoutShapes>;
