/** @file Cases of matrix products. */

import type { linearShapes } from "../../../src/ops/linear.js";
import { drawn, type OpCases } from "./opCase.js";

export const linearCases = {
  MatMul: drawn((draw) => {
    const [rows, inner, columns] = draw.ints(3, 1, 3) as [number, number, number];
    const lead = draw.shape(0, 2);
    const [left, right] = draw.list(2, () =>
      lead.map((size) => (draw.int(0, 3) === 0 ? 1 : size)).slice(draw.int(0, lead.length)),
    ) as [number[], number[]];
    const A = draw.floats([...left, rows, inner]);
    const flat = left.length === 0 && right.length === 0;
    return {
      inputs: { A: flat ? draw.batched(A) : A, B: draw.floats([...right, inner, columns]) },
      build: ({ op }, { A, B }) => [op.matMul(A!, B!)],
    };
  }),
  Gemm: drawn((draw) => {
    const [rows, inner, columns] = draw.ints(3, 1, 3) as [number, number, number];
    const [transA, transB] = [draw.int(0, 1), draw.int(0, 1)];
    const [alpha, beta] = [draw.pick(1, 0.5, -2), draw.pick(1, 0.5, -2)];
    const c = draw.pick(null, [], [1], [columns], [1, columns], [rows, 1], [rows, columns]);
    const name = draw.bool() && (c === null || c.length < 2 || c[0] === 1);
    const dim = name ? "batch" : rows;
    const A = transA
      ? draw.floats([inner, rows], "any", [inner, dim])
      : draw.floats([rows, inner], "any", [dim, inner]);
    const B = draw.floats(transB ? [columns, inner] : [inner, columns]);
    return {
      inputs: { A, B, ...(c && { C: draw.floats(c) }) },
      build: ({ op }, { A, B, C }) => [op.gemm(A!, B!, C ?? null, { alpha, beta, transA, transB })],
      detail: { alpha, beta, transA, transB },
    };
  }),
} satisfies OpCases<keyof typeof linearShapes>;
