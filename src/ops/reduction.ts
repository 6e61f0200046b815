/** @file Reductions, and normalizations along one axis. */

import type { Value } from "../ir/graph.js";
import { normalizeAxes, normalizeAxis, type Shape } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeContext, ShapeRules } from "./shapeRule.js";

type Reduction = "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceSumSquare" | "ReduceLogSumExp";

function reduced({ inputs, attributes, ints, where, fail }: ShapeContext<Reduction>): { reduced: Shape } {
  const { shape } = inputs.data;
  const axes = normalizeAxes(ints(inputs.axes), shape.length, where);
  if (axes.length === 0 && shape.length > 0) fail("axes are empty, expected at least one axis to reduce");
  return {
    reduced: attributes.keepdims
      ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
      : shape.filter((_, axis) => !axes.includes(axis)),
  };
}

function alongAxis({ inputs, attributes, where }: ShapeContext<"Softmax" | "LogSoftmax">): { Y: Shape } {
  normalizeAxis(attributes.axis, inputs.X.shape.length, where);
  return { Y: inputs.X.shape };
}

export const reductionShapes = {
  ReduceSum: reduced,
  ReduceMean: reduced,
  ReduceMax: reduced,
  ReduceSumSquare: reduced,
  ReduceLogSumExp: reduced,
  Softmax: alongAxis,
  LogSoftmax: alongAxis,
} satisfies ShapeRules<Reduction | "Softmax" | "LogSoftmax">;

export function reductionOps({ emit, ints, constant }: Emitter) {
  /** Reduces `axes` (default: all); `keepdims` keeps them with size 1. */
  const reduce =
    (op: Reduction) =>
    (x: Value, axes: readonly number[] = x.shape.map((_, axis) => axis), keepdims = false): Value =>
      axes.length === 0 ? x : emit(op, { data: x, axes: ints(axes) }, { keepdims: keepdims ? 1 : 0 }).reduced;
  const sumSquare = (x: Value, axes?: readonly number[], keepdims?: boolean): Value =>
    (axes ?? x.shape).length === 0
      ? emit("Mul", { A: x, B: x }, {}).C
      : reduce("ReduceSumSquare")(x, axes, keepdims);

  return {
    reduceSum: reduce("ReduceSum"),
    reduceMean: reduce("ReduceMean"),
    reduceMax: reduce("ReduceMax"),
    reduceSumSquare: sumSquare,
    /** ln Σ eˣ, without overflow. */
    reduceLogSumExp: reduce("ReduceLogSumExp"),
    softmax: (x: Value, axis = -1) => emit("Softmax", { X: x }, { axis }).Y,
    logSoftmax: (x: Value, axis = -1) => emit("LogSoftmax", { X: x }, { axis }).Y,

    /**
     * x / ‖x‖₂ along `axis`. A vector shorter than 1e-12 is divided by 1e-12, so that zero stays zero;
     * the square of that floor is added under the root, where it is below rounding for any other vector.
     * Source: torch.nn.functional.normalize; the authors' code has no floor and divides by zero.
     */
    l2Normalize: (x: Value, axis = -1): Value => {
      const floor = constant({ dtype: x.dtype, shape: [], data: [1e-24] });
      const squared = emit("Add", { A: sumSquare(x, [axis], true), B: floor }, {}).C;
      return emit("Div", { A: x, B: emit("Sqrt", { X: squared }, {}).Y }, {}).C;
    },
  };
}
