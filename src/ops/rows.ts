/** @file Operators that read or write rows and elements by their number. */

import type { Value } from "../ir/graph.js";
import { normalizeAxis, showShape, type Shape } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeContext, ShapeRules } from "./shapeRule.js";

function gather({ inputs, attributes, where }: ShapeContext<"Gather">): { output: Shape } {
  const { shape } = inputs.data;
  const axis = normalizeAxis(attributes.axis, shape.length, where);
  return { output: [...shape.slice(0, axis), ...inputs.indices.shape, ...shape.slice(axis + 1)] };
}

function gatherElements({ inputs, attributes, where, fail }: ShapeContext<"GatherElements">): {
  output: Shape;
} {
  const { data, indices } = inputs;
  normalizeAxis(attributes.axis, data.shape.length, where);
  if (data.shape.length !== indices.shape.length) {
    fail(
      `indices are ${showShape(indices.shape)}, expected rank ${data.shape.length} as data ${showShape(data.shape)}`,
    );
  }
  return { output: indices.shape };
}

/** Length of the index tuples in the last axis of `indices`. */
function tupleLength(data: Value, indices: Value, fail: (message: string) => never): number {
  const length = indices.shape.at(-1);
  if (typeof length !== "number" || length < 1 || length > data.shape.length) {
    return fail(
      `indices are ${showShape(indices.shape)}, expected a last axis of 1 to ${data.shape.length} for data ${showShape(data.shape)}`,
    );
  }
  return length;
}

function gatherNd({ inputs: { data, indices }, fail }: ShapeContext<"GatherND">): { output: Shape } {
  return { output: [...indices.shape.slice(0, -1), ...data.shape.slice(tupleLength(data, indices, fail))] };
}

const REDUCTIONS = ["none", "add"];

function checkReduction(reduction: string, fail: (message: string) => never): void {
  if (!REDUCTIONS.includes(reduction))
    fail(`reduction is "${reduction}", expected one of ${REDUCTIONS.join(", ")}`);
}

function scatterElements({ inputs, attributes, where, fail }: ShapeContext<"ScatterElements">): {
  output: Shape;
} {
  const { data, indices, updates } = inputs;
  normalizeAxis(attributes.axis, data.shape.length, where);
  checkReduction(attributes.reduction, fail);
  if (showShape(indices.shape) !== showShape(updates.shape) || indices.shape.length !== data.shape.length) {
    fail(
      `data is ${showShape(data.shape)}, indices ${showShape(indices.shape)}, updates ${showShape(updates.shape)}, ` +
        "expected indices and updates of one shape and the rank of data",
    );
  }
  return { output: data.shape };
}

function scatterNd({ inputs, attributes, fail }: ShapeContext<"ScatterND">): { output: Shape } {
  const { data, indices, updates } = inputs;
  checkReduction(attributes.reduction, fail);
  const expected = [...indices.shape.slice(0, -1), ...data.shape.slice(tupleLength(data, indices, fail))];
  if (showShape(expected) !== showShape(updates.shape)) {
    fail(`updates are ${showShape(updates.shape)}, expected ${showShape(expected)}`);
  }
  return { output: data.shape };
}

function topK({ inputs, attributes, dims, where, fail }: ShapeContext<"TopK">): {
  Values: Shape;
  Indices: Shape;
} {
  const { X, K } = inputs;
  const axis = normalizeAxis(attributes.axis, X.shape.length, where);
  const k = dims(K)[0] ?? fail("K is empty, expected one number");
  const shape = X.shape.map((dim, at) => (at === axis ? k : dim));
  return { Values: shape, Indices: shape };
}

type Rows = "Gather" | "GatherElements" | "GatherND" | "ScatterElements" | "ScatterND" | "TopK";

export const rowsShapes = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  TopK: topK,
} satisfies ShapeRules<Rows>;

export function rowsOps({ emit }: Emitter) {
  return {
    /** Slices of `data` along `axis`, in the shape of `indices`. */
    gather: (data: Value, indices: Value, axis = 0) => emit("Gather", { data, indices }, { axis }).output,
    gatherElements: (data: Value, indices: Value, axis = 0) =>
      emit("GatherElements", { data, indices }, { axis }).output,
    gatherNd: (data: Value, indices: Value) => emit("GatherND", { data, indices }, {}).output,
    scatterElements: (
      data: Value,
      indices: Value,
      updates: Value,
      axis = 0,
      reduction: "none" | "add" = "none",
    ) => emit("ScatterElements", { data, indices, updates }, { axis, reduction }).output,
    scatterNd: (data: Value, indices: Value, updates: Value, reduction: "none" | "add" = "none") =>
      emit("ScatterND", { data, indices, updates }, { reduction }).output,
    /** The largest entries of the last axis in falling order, lower position first among equals. */
    topK: (x: Value, k: Value) => {
      const { Values: values, Indices: positions } = emit("TopK", { X: x, K: k }, {});
      return { values, positions };
    },
  };
}
