/** @file Matrix products. */

import type { Kernels } from "./kernel.js";
import { broadcastShape, elementOf, tabulate } from "./ndArray.js";

export const linear = {
  MatMul: ({ inputs: { A, B } }) => {
    const inner = A.shape.at(-1)!;
    const shape = [
      ...broadcastShape(A.shape.slice(0, -2), B.shape.slice(0, -2)),
      A.shape.at(-2)!,
      B.shape.at(-1)!,
    ];
    const Y = tabulate(shape, (at) => {
      const batch = at.slice(0, -2);
      const [row, column] = at.slice(-2) as [number, number];
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum += elementOf(A, [...batch, row, k]) * elementOf(B, [...batch, k, column]);
      return sum;
    });
    return { Y };
  },
  Gemm: ({ inputs: { A, B, C }, attributes: { alpha, beta, transA, transB } }) => {
    const [rows, inner] = (transA ? [...A.shape].reverse() : A.shape) as [number, number];
    const columns = (transB ? B.shape[0] : B.shape[1])!;
    const Y = tabulate([rows, columns], (at) => {
      const [row, column] = at as [number, number];
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        sum += elementOf(A, transA ? [k, row] : [row, k]) * elementOf(B, transB ? [column, k] : [k, column]);
      }
      return alpha * sum + (C ? beta * elementOf(C, at) : 0);
    });
    return { Y };
  },
} satisfies Kernels<"MatMul" | "Gemm">;
