import { linearRules } from "../../src/grad/rules/linear.js";
import { linearCases } from "../support/opCases/linear.js";
import { ndArray } from "../support/reference.js";
import { float, testGradients, type HandWorkedFor } from "../support/testGradients.js";

const handWorked = {
  MatMul: {
    inputs: { A: float([1, 2], [1, 2]), B: float([2, 2], [3, 4, 5, 6]) },
    build: ({ op }, { A, B }) => [op.matMul(A!, B!)],
    cotangent: ndArray([1, 2], [1, 10]),
    gradients: { A: [43, 65], B: [1, 10, 2, 20] },
  },
  Gemm: {
    inputs: { A: float([1, 2], [1, 2]), B: float([1, 2], [3, 4]), C: float([1], [0]) },
    build: ({ op }, { A, B, C }) => [op.gemm(A!, B!, C, { alpha: 2, beta: 3, transB: 1 })],
    cotangent: ndArray([1, 1], [5]),
    gradients: { A: [30, 40], B: [10, 20], C: [15] },
  },
} satisfies HandWorkedFor<typeof linearRules>;

describe("gradients of matrix products", () => {
  testGradients(linearRules, linearCases, handWorked);
});
