/** @file Gradients of reading and writing by row: reading adds back, writing reads back. */

import type { Value } from "../../ir/graph.js";
import { normalizeAxis } from "../../ir/shape.js";
import type { rowsShapes } from "../../ops/rows.js";
import type { OpBuilder } from "../../ops/table.js";
import type { GradRules } from "../rule.js";

const zerosLike = (op: OpBuilder, like: Value): Value => op.expandLike(op.scalar(0, like), like);

/** Gather along axis 0: each slice of dY is added to the row it was read from. */
function addRows(op: OpBuilder, data: Value, indices: Value, dY: Value): Value {
  const rows = op.unsqueeze(indices.dtype === "int64" ? indices : op.cast(indices, "int64"), [-1]);
  return op.scatterNd(zerosLike(op, data), rows, dY, "add");
}

/** The order of axes that brings `axis` to the front, and the one that takes it back. */
function toFront(rank: number, axis: number): { there: number[]; back: number[] } {
  const there = [axis, ...Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis)];
  return { there, back: there.map((_, at) => there.indexOf(at)) };
}

export const rowsRules = {
  Gather: ({ op, inputs: { data, indices }, attributes, dY }) => ({
    data: () => {
      const axis = normalizeAxis(attributes.axis, data.shape.length, "Gather");
      if (axis === 0) return addRows(op, data, indices, dY);
      const { there, back } = toFront(data.shape.length, axis);
      const read = Array.from({ length: indices.shape.length }, (_, at) => axis + at);
      const others = dY.shape.map((_, at) => at).filter((at) => !read.includes(at));
      return op.transpose(
        addRows(op, op.transpose(data, there), indices, op.transpose(dY, [...read, ...others])),
        back,
      );
    },
    indices: null,
  }),
  GatherElements: ({ op, inputs: { data, indices }, attributes: { axis }, dY }) => ({
    data: () => op.scatterElements(zerosLike(op, data), indices, dY, axis, "add"),
    indices: null,
  }),
  GatherND: ({ op, inputs: { data, indices }, dY }) => ({
    data: () => op.scatterNd(zerosLike(op, data), indices, dY, "add"),
    indices: null,
  }),
  ScatterElements: ({ op, inputs: { indices, updates }, attributes: { axis, reduction }, dY }) => ({
    data: () => (reduction === "add" ? dY : op.scatterElements(dY, indices, zerosLike(op, updates), axis)),
    indices: null,
    updates: () => op.gatherElements(dY, indices, axis),
  }),
  ScatterND: ({ op, inputs: { indices, updates }, attributes: { reduction }, dY }) => ({
    data: () => (reduction === "add" ? dY : op.scatterNd(dY, indices, zerosLike(op, updates))),
    indices: null,
    updates: () => op.gatherNd(dY, indices),
  }),
  TopK: { noGradient: "it ranks neighbours after training and is never on the way to a loss" },
} satisfies GradRules<keyof typeof rowsShapes>;
