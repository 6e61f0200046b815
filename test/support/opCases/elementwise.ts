/** @file Cases of elementwise operators. */

import type { DType } from "../../../src/ir/dtype.js";
import type { elementwiseShapes } from "../../../src/ops/elementwise.js";
import type { Draw, NumberKind } from "./draw.js";
import { drawn, type CaseInput, type OpCases } from "./opCase.js";

type Unary =
  | "Neg"
  | "Abs"
  | "Exp"
  | "Log"
  | "Sqrt"
  | "Reciprocal"
  | "Round"
  | "Relu"
  | "Sigmoid"
  | "Softplus"
  | "Identity";
type Binary = "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Greater" | "Equal";

const unary = (op: Unary, kind: NumberKind = "any") =>
  drawn((draw) => ({
    inputs: { X: draw.batched(draw.floats(draw.shape(0, 4), kind)) },
    build: (builder, { X }) => [builder.emit(op, { X: X! }, {}).Y],
  }));

/** Two operands that broadcast; now and then whole numbers, where the operator takes them. */
const binary = (op: Binary, kinds: readonly NumberKind[], wholes: boolean) =>
  drawn((draw) => {
    const whole = wholes && draw.int(0, 4) === 0;
    const [A, B] = draw
      .broadcastShapes(2)
      .map(({ sizes, shape }, at): CaseInput =>
        whole ? { ...draw.wholes(sizes, 1, 4), shape } : draw.floats(sizes, kinds[at], shape),
      );
    return {
      inputs: { A: A!, B: B! },
      build: (builder, { A, B }) => [builder.emit(op, { A: A!, B: B! }, {}).C],
    };
  });

/** Operands of few values, so that many are equal. */
const comparison = (op: "Greater" | "Equal") =>
  drawn((draw) => {
    const dtype = draw.pick<DType>("float32", "int64");
    const [A, B] = draw
      .broadcastShapes(2)
      .map(({ sizes, shape }) => ({ ...draw.wholes(sizes, -1, 1, dtype), shape }));
    return {
      inputs: { A: A!, B: B! },
      build: (builder, { A, B }) => [builder.emit(op, { A: A!, B: B! }, {}).C],
    };
  });

const CASTS: readonly (readonly [from: DType, to: DType])[] = [
  ["float32", "float64"],
  ["float32", "int64"],
  ["int64", "float32"],
  ["float32", "bool"],
  ["bool", "float32"],
];

function castInput(draw: Draw, from: DType): CaseInput {
  const sizes = draw.shape(0, 4);
  if (from === "float32") return draw.floats(sizes);
  return from === "bool" ? draw.wholes(sizes, 0, 1, from) : draw.wholes(sizes, -5, 5, from);
}

export const elementwiseCases = {
  Neg: unary("Neg"),
  Abs: unary("Abs", "awayFromZero"),
  Exp: unary("Exp"),
  Log: unary("Log", "positive"),
  Sqrt: unary("Sqrt", "positive"),
  Reciprocal: unary("Reciprocal", "awayFromZero"),
  Round: drawn((draw) => ({
    // Every other number is a half.
    inputs: { X: draw.wholes(draw.shape(0, 4), -7, 7, "float32") },
    build: ({ op }, { X }) => [op.round(op.scale(X!, 0.5))],
  })),
  Relu: unary("Relu", "awayFromZero"),
  Sigmoid: unary("Sigmoid"),
  Softplus: unary("Softplus"),
  Identity: unary("Identity"),
  Cast: drawn((draw) => {
    const [from, to] = draw.pick(...CASTS);
    return {
      inputs: { input: draw.batched(castInput(draw, from)) },
      build: (builder, { input }) => [builder.emit("Cast", { input: input! }, { to }).output],
      detail: { to },
    };
  }),
  HardSigmoid: drawn((draw) => {
    const [alpha, beta] = draw.pick([0.2, 0.5], [3e38, 0]);
    return {
      inputs: { x: draw.batched(draw.floats(draw.shape(0, 4))) },
      build: ({ op }, { x }) => [op.hardSigmoid(x!, alpha, beta)],
      detail: { alpha, beta },
    };
  }),
  Add: binary("Add", ["any", "any"], true),
  Sub: binary("Sub", ["any", "any"], true),
  Mul: binary("Mul", ["any", "any"], true),
  Div: binary("Div", ["any", "awayFromZero"], true),
  Pow: binary("Pow", ["positive", "any"], false),
  Max: drawn((draw) => {
    const shapes = draw.broadcastShapes(draw.int(1, 3));
    const values = draw.distinctFloats(...shapes.map(({ sizes }) => sizes));
    const inputs = values.map((value, at) => [`data${at}`, { ...value, shape: shapes[at]!.shape }] as const);
    return {
      inputs: Object.fromEntries(inputs),
      build: (builder, data) => [builder.emit("Max", { data: Object.values(data) }, {}).max],
    };
  }),
  Greater: comparison("Greater"),
  Equal: comparison("Equal"),
  Where: drawn((draw) => {
    const [condition, X, Y] = draw.broadcastShapes(3) as [Shapes, Shapes, Shapes];
    return {
      inputs: {
        condition: { ...draw.wholes(condition.sizes, 0, 1, "bool"), shape: condition.shape },
        X: draw.floats(X.sizes, "any", X.shape),
        Y: draw.floats(Y.sizes, "any", Y.shape),
      },
      build: (builder, { condition, X, Y }) => [
        builder.emit("Where", { condition: condition!, X: X!, Y: Y! }, {}).output,
      ],
    };
  }),
} satisfies OpCases<keyof typeof elementwiseShapes>;

type Shapes = ReturnType<Draw["broadcastShapes"]>[number];
