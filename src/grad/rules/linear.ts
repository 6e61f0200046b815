/** @file Gradients of matrix products. */

import type { Value } from "../../ir/graph.js";
import type { linearShapes } from "../../ops/linear.js";
import type { OpBuilder } from "../../ops/table.js";
import type { GradRules } from "../rule.js";

/** Transposes the last two axes. */
function transposed(op: OpBuilder, x: Value): Value {
  const rank = x.shape.length;
  return op.transpose(
    x,
    x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)),
  );
}

/**
 * Aᵀ·dY, or (dYᵀ·A)ᵀ where that moves fewer numbers: with one column, as when many rows meet one vector, Aᵀ would be a
 * second copy of all rows, while dY and the result keep their order.
 */
function productWithTransposed(op: OpBuilder, a: Value, dY: Value): Value {
  const [rows, inner, columns] = [a.shape.at(-2), a.shape.at(-1), dY.shape.at(-1)] as const;
  const known = typeof rows === "number" && typeof inner === "number" && typeof columns === "number";
  return known && columns * (rows + inner) < rows * inner
    ? transposed(op, op.matMul(transposed(op, dY), a))
    : op.matMul(transposed(op, a), dY);
}

export const linearRules = {
  // Y = A·B: dA = dY·Bᵀ, dB = Aᵀ·dY. Gemm reads a transposed matrix without making one.
  MatMul: ({ op, inputs: { A, B }, dY }) => {
    const flat = A.shape.length === 2 && B.shape.length === 2;
    return {
      A: () => (flat ? op.gemm(dY, B, null, { transB: 1 }) : op.matMul(dY, transposed(op, B))),
      B: () => (flat ? op.gemm(A, dY, null, { transA: 1 }) : productWithTransposed(op, A, dY)),
    };
  },
  // Y = α·A'·B' + β·C: d(A') = α·dY·B'ᵀ, d(B') = α·A'ᵀ·dY, dC = β·dY
  Gemm: ({ op, inputs: { A, B }, attributes: { alpha, beta, transA, transB }, dY }) => ({
    A: () =>
      transA
        ? op.gemm(B, dY, null, { alpha, transA: transB, transB: 1 })
        : op.gemm(dY, B, null, { alpha, transB: 1 - transB }),
    B: () =>
      transB
        ? op.gemm(dY, A, null, { alpha, transA: 1, transB: transA })
        : op.gemm(A, dY, null, { alpha, transA: 1 - transA }),
    C: () => (beta === 1 ? dY : op.scale(dY, beta)),
  }),
} satisfies GradRules<keyof typeof linearShapes>;
