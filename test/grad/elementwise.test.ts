import assert from "node:assert/strict";
import { elementwiseRules } from "../../src/grad/rules/elementwise.js";
import { checkGradient, gradientsOf } from "../support/checkGradient.js";
import { elementwiseCases } from "../support/opCases/elementwise.js";
import { ndArray } from "../support/reference.js";
import { float, testGradients, type HandWorked, type HandWorkedFor } from "../support/testGradients.js";

type Unary =
  "Neg" | "Abs" | "Exp" | "Log" | "Sqrt" | "Reciprocal" | "Relu" | "Sigmoid" | "Softplus" | "Identity";
type Binary = "Add" | "Sub" | "Mul" | "Div" | "Pow";

const unary = (
  op: Unary,
  x: readonly number[],
  dY: readonly number[],
  dX: readonly number[],
): HandWorked => ({
  inputs: { X: float([x.length], x) },
  build: (builder, { X }) => [builder.emit(op, { X: X! }, {}).Y],
  cotangent: ndArray([dY.length], dY),
  gradients: { X: dX },
});

const binary = (
  op: Binary,
  inputs: Pick<HandWorked["inputs"], "A" | "B">,
  rest: Pick<HandWorked, "cotangent" | "gradients">,
) => ({
  inputs,
  build: ((builder, { A, B }) => [builder.emit(op, { A: A!, B: B! }, {}).C]) as HandWorked["build"],
  ...rest,
});

const square = float([2, 2], [1, 2, 3, 4]);

const handWorked = {
  Neg: unary("Neg", [1, -2], [3, 5], [-3, -5]),
  Abs: unary("Abs", [-2, 0, 3], [5, 5, 5], [-5, 0, 5]),
  Exp: unary("Exp", [0, Math.log(2)], [3, 5], [3, 10]),
  Log: unary("Log", [1, 4], [3, 2], [3, 0.5]),
  Sqrt: unary("Sqrt", [4, 9], [4, 3], [1, 0.5]),
  Reciprocal: unary("Reciprocal", [2, -1], [4, 3], [-1, -3]),
  Relu: unary("Relu", [-1, 0, 2], [5, 5, 5], [0, 0, 5]),
  Sigmoid: unary("Sigmoid", [0, Math.log(3)], [8, 16], [2, 3]),
  Softplus: unary("Softplus", [0, Math.log(3)], [8, 4], [4, 3]),
  Identity: unary("Identity", [1, 2], [3, 4], [3, 4]),
  Cast: {
    inputs: { input: float([2], [1, 2]) },
    build: ({ op }, { input }) => [op.cast(input!, "float64")],
    cotangent: ndArray([2], [3, 4]),
    gradients: { input: [3, 4] },
  },
  Add: binary(
    "Add",
    { A: square, B: float([2], [10, 20]) },
    {
      cotangent: ndArray([2, 2], [1, 2, 3, 4]),
      gradients: { A: [1, 2, 3, 4], B: [4, 6] },
    },
  ),
  Sub: binary(
    "Sub",
    { A: square, B: float([2], [10, 20]) },
    {
      cotangent: ndArray([2, 2], [1, 2, 3, 4]),
      gradients: { A: [1, 2, 3, 4], B: [-4, -6] },
    },
  ),
  Mul: binary(
    "Mul",
    { A: square, B: float([2], [10, 20]) },
    {
      cotangent: ndArray([2, 2], [1, 1, 1, 1]),
      gradients: { A: [10, 20, 10, 20], B: [4, 6] },
    },
  ),
  Div: binary(
    "Div",
    { A: float([2], [6, 8]), B: float([1], [2]) },
    {
      cotangent: ndArray([2], [1, 1]),
      gradients: { A: [0.5, 0.5], B: [-3.5] },
    },
  ),
  // The exponent has a gradient only where the base is positive, and 0⁰ gives no NaN.
  Pow: binary(
    "Pow",
    { A: float([4], [3, 0, -2, 0]), B: float([4], [2, 3, 3, 0]) },
    {
      cotangent: ndArray([4], [1, 1, 1, 1]),
      gradients: { A: [6, 0, 12, 0], B: [9 * Math.log(3), 0, 0, 0] },
    },
  ),
  Max: {
    inputs: { a: float([3], [1, 5, 2]), b: float([3], [3, 5, 2]), c: float([3], [0, 5, 0]) },
    build: ({ op }, { a, b, c }) => [op.max(a!, b!, c!)],
    cotangent: ndArray([3], [6, 6, 6]),
    gradients: { a: [0, 2, 3], b: [6, 2, 3], c: [0, 2, 0] },
  },
  Where: {
    inputs: {
      condition: { dtype: "bool", shape: [2], value: ndArray([2], [1, 0]) },
      X: float([2], [1, 2]),
      Y: float([], [9]),
    },
    build: ({ op }, { condition, X, Y }) => [op.where(condition!, X!, Y!)],
    cotangent: ndArray([2], [3, 4]),
    gradients: { X: [3, 0], Y: [4] },
  },
} satisfies HandWorkedFor<typeof elementwiseRules>;

describe("gradients of elementwise operators", () => {
  testGradients(elementwiseRules, elementwiseCases, handWorked);

  it("Pow takes negative bases to whole powers", () => {
    checkGradient({
      inputs: { A: float([3], [-2, -0.5, 1.5]) },
      build: ({ op }, { A }) => [op.pow(A!, op.scalar(3))],
    });
  });

  it("Max gives the whole gradient to a value that it is given twice", () => {
    const twice: HandWorked = {
      inputs: { x: float([2], [1, 2]) },
      build: ({ op }, { x }) => [op.max(x!, x!)],
      cotangent: ndArray([2], [3, 4]),
      gradients: { x: [3, 4] },
    };
    assert.deepEqual([...gradientsOf(twice, twice.cotangent).get("x")!.data], [3, 4]);
  });

  it("Softplus and Sigmoid do not overflow far from zero", () => {
    for (const name of ["softplus", "sigmoid"] as const) {
      const far = {
        inputs: { x: float([2], [-800, 800]) },
        build: ({ op }, { x }) => [op[name](x!)],
      } satisfies Omit<HandWorked, "cotangent" | "gradients">;
      const { data } = gradientsOf(far, ndArray([2], [1, 1])).get("x")!;
      assert.deepEqual([...data], name === "softplus" ? [0, 1] : [0, 0]);
    }
  });
});
