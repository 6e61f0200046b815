/** @file Matrix products. */

import type { Value } from "../ir/graph.js";
import { broadcastShapes, showShape, type Shape } from "../ir/shape.js";
import type { AttributesFor } from "../ir/opTable.js";
import type { Emitter } from "./emitter.js";
import type { ShapeContext, ShapeRules } from "./shapeRule.js";

function matMul({ inputs: { A, B }, where, fail }: ShapeContext<"MatMul">): { Y: Shape } {
  if (A.shape.length < 2 || B.shape.length < 2) {
    fail(`A is ${showShape(A.shape)}, B is ${showShape(B.shape)}, expected rank 2 or more in both`);
  }
  const [rows, inner] = A.shape.slice(-2);
  const [innerB, columns] = B.shape.slice(-2);
  if (inner !== innerB) {
    fail(
      `A ${showShape(A.shape)} has ${inner} columns, B ${showShape(B.shape)} has ${innerB} rows, expected them equal`,
    );
  }
  return { Y: [...broadcastShapes(A.shape.slice(0, -2), B.shape.slice(0, -2), where), rows!, columns!] };
}

function gemm({ inputs: { A, B, C }, attributes, where, fail }: ShapeContext<"Gemm">): { Y: Shape } {
  if (A.shape.length !== 2 || B.shape.length !== 2) {
    fail(`A is ${showShape(A.shape)}, B is ${showShape(B.shape)}, expected rank 2 in both`);
  }
  const [rows, inner] = attributes.transA ? [...A.shape].reverse() : A.shape;
  const [innerB, columns] = attributes.transB ? [...B.shape].reverse() : B.shape;
  if (inner !== innerB) fail(`A gives ${inner} columns, B gives ${innerB} rows, expected them equal`);
  const shape = [rows!, columns!];
  if (C !== null && showShape(broadcastShapes(C.shape, shape, where)) !== showShape(shape)) {
    fail(`C is ${showShape(C.shape)}, expected it to broadcast to ${showShape(shape)}`);
  }
  return { Y: shape };
}

export const linearShapes = { MatMul: matMul, Gemm: gemm } satisfies ShapeRules<"MatMul" | "Gemm">;

export function linearOps({ emit }: Emitter) {
  return {
    /** Product of the last two axes; the others broadcast. */
    matMul: (a: Value, b: Value) => emit("MatMul", { A: a, B: b }, {}).Y,
    /** alpha·A'·B' + beta·C, where ' transposes if asked. */
    gemm: (a: Value, b: Value, c: Value | null = null, attributes: AttributesFor<"Gemm"> = {}) =>
      emit("Gemm", { A: a, B: b, C: c }, attributes).Y,
  };
}
