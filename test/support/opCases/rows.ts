/** @file Cases of operators that read or write by row. */

import type { rowsShapes } from "../../../src/ops/rows.js";
import { eachPlace, ndArray, sizeOf, tabulate } from "../reference/ndArray.js";
import type { Draw } from "./draw.js";
import { drawn, type CaseInput, type OpCases } from "./opCase.js";

/** Indices of at most `sizes` on every other axis, into the axis `along`. */
function elementShape(draw: Draw, sizes: readonly number[], along: number, most: number): number[] {
  return sizes.map((size, axis) => draw.int(1, axis === along ? most : size));
}

/** Tuples that point into the first axes of `sizes`: all different if `unique`, some counted from the end. */
function tuples(draw: Draw, sizes: readonly number[], unique: boolean): CaseInput {
  const length = draw.int(1, sizes.length);
  const places: number[][] = [];
  eachPlace(sizes.slice(0, length), (at) => places.push([...at]));
  const available = draw.shuffled(places);
  const count = draw.int(1, Math.min(4, available.length));
  const random = draw.random();
  const chosen = Array.from({ length: count }, (_, at) =>
    unique ? available[at]! : available[Math.floor(random() * available.length)]!,
  );
  const numbers = chosen.flatMap((tuple) =>
    tuple.map((row, axis) => (random() < 0.3 ? row - sizes[axis]! : row)),
  );
  const lead = count % 2 === 0 && draw.bool() ? [count / 2, 2] : [count];
  const shape = [...lead, length];
  return { dtype: "int64", shape, value: ndArray(shape, numbers) };
}

export const rowsCases = {
  Gather: drawn((draw) => {
    const sizes = draw.shape(1, 3);
    const axis = draw.axis(sizes.length);
    const rows = sizes.at(axis)!;
    const data = draw.floats(sizes);
    const read = axis === 0 || axis === -sizes.length;
    return {
      inputs: {
        data: read ? data : draw.batched(data),
        indices: draw.wholes(draw.shape(0, 2), -rows, rows - 1, draw.pick("int64", "int32")),
      },
      build: ({ op }, { data, indices }) => [op.gather(data!, indices!, axis)],
      detail: { axis },
    };
  }),
  GatherElements: drawn((draw) => {
    const sizes = draw.shape(1, 3);
    const axis = draw.axis(sizes.length);
    const along = axis < 0 ? axis + sizes.length : axis;
    const indices = draw.wholes(elementShape(draw, sizes, along, 4), -sizes[along]!, sizes[along]! - 1);
    return {
      inputs: { data: draw.floats(sizes), indices },
      build: ({ op }, { data, indices }) => [op.gatherElements(data!, indices!, axis)],
      detail: { axis },
    };
  }),
  GatherND: drawn((draw) => {
    const sizes = draw.shape(1, 3);
    return {
      inputs: { data: draw.floats(sizes), indices: tuples(draw, sizes, false) },
      build: ({ op }, { data, indices }) => [op.gatherNd(data!, indices!)],
    };
  }),
  ScatterElements: drawn((draw) => {
    const sizes = draw.shape(1, 3);
    const axis = draw.axis(sizes.length);
    const along = axis < 0 ? axis + sizes.length : axis;
    const rows = sizes[along]!;
    const reduction = draw.pick("none", "add");
    const shape = elementShape(draw, sizes, along, reduction === "none" ? rows : 4);
    // Without a reduction, two updates of one element would race: each lane writes different rows.
    const order = draw.shuffled(draw.list(rows, (row) => row));
    const different = tabulate(
      shape,
      (at) => order[(at[along]! + sizeOf(at.filter((_, other) => other !== along))) % rows]!,
    );
    const indices: CaseInput =
      reduction === "none"
        ? { dtype: "int64", shape, value: different }
        : draw.wholes(shape, -rows, rows - 1);
    return {
      inputs: { data: draw.floats(sizes), indices, updates: draw.floats(shape) },
      build: ({ op }, { data, indices, updates }) => [
        op.scatterElements(data!, indices!, updates!, axis, reduction),
      ],
      detail: { axis, reduction },
    };
  }),
  ScatterND: drawn((draw) => {
    const sizes = draw.shape(1, 3);
    const reduction = draw.pick("none", "add");
    const indices = tuples(draw, sizes, reduction === "none");
    const lead = indices.value.shape.slice(0, -1);
    const updates = draw.floats([...lead, ...sizes.slice(indices.value.shape.at(-1))]);
    return {
      inputs: { data: draw.floats(sizes), indices, updates },
      build: ({ op }, { data, indices, updates }) => [op.scatterNd(data!, indices!, updates!, reduction)],
      detail: { reduction },
    };
  }),
  TopK: drawn((draw) => {
    const sizes = draw.shape(1, 3);
    const axis = draw.axis(sizes.length);
    const k = draw.int(1, sizes.at(axis)!);
    const largest = draw.int(0, 1);
    return {
      // Few values: many are equal, and the lower position goes first.
      inputs: { X: draw.wholes(sizes, -1, 1, "float32") },
      build: (builder, { X }) => {
        const K = builder.constant({ dtype: "int64", shape: [1], data: [k] });
        const { Values, Indices } = builder.emit("TopK", { X: X!, K }, { axis, largest });
        return [Values, Indices];
      },
      detail: { axis, k, largest },
    };
  }),
} satisfies OpCases<keyof typeof rowsShapes>;
