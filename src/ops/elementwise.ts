/** @file Elementwise operators: one input shape in, the broadcast shape out. */

import { ShapeError } from "../errors.js";
import type { DType } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import { broadcastShapes, type Shape } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeContext, ShapeRules } from "./shapeRule.js";

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
  | "HardSigmoid"
  | "Identity";
type Binary = "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Greater" | "Equal";

const same = (ctx: ShapeContext<Unary>): { Y: Shape } => ({ Y: ctx.inputs.X.shape });
const broadcast = (ctx: ShapeContext<Binary>): { C: Shape } => ({
  C: broadcastShapes(ctx.inputs.A.shape, ctx.inputs.B.shape, ctx.where),
});

export const elementwiseShapes = {
  Neg: same,
  Abs: same,
  Exp: same,
  Log: same,
  Sqrt: same,
  Reciprocal: same,
  Round: same,
  Relu: same,
  Sigmoid: same,
  Softplus: same,
  HardSigmoid: same,
  Identity: same,
  Cast: ({ inputs }) => ({ output: inputs.input.shape }),
  Add: broadcast,
  Sub: broadcast,
  Mul: broadcast,
  Div: broadcast,
  Pow: broadcast,
  Greater: broadcast,
  Equal: broadcast,
  Max: ({ inputs, where, fail }) => {
    if (inputs.data.length === 0) fail("has no inputs, expected at least one");
    return { max: inputs.data.map((v) => v.shape).reduce((a, b) => broadcastShapes(a, b, where)) };
  },
  Where: ({ inputs, where }) => ({
    output: broadcastShapes(
      inputs.condition.shape,
      broadcastShapes(inputs.X.shape, inputs.Y.shape, where),
      where,
    ),
  }),
} satisfies ShapeRules<Unary | Binary | "Cast" | "Max" | "Where">;

export function elementwiseOps({ emit, constant }: Emitter) {
  const binary = (op: Binary) => (a: Value, b: Value) => emit(op, { A: a, B: b }, {}).C;
  const unary = (op: Unary) => (x: Value) => emit(op, { X: x }, {}).Y;

  /** A rank-0 constant, by default of the dtype of `like`. */
  const scalar = (value: number, like: Value | DType = "float32"): Value =>
    constant({ dtype: typeof like === "string" ? like : like.dtype, shape: [], data: [value] });

  return {
    constant,
    scalar,
    neg: unary("Neg"),
    abs: unary("Abs"),
    exp: unary("Exp"),
    log: unary("Log"),
    sqrt: unary("Sqrt"),
    reciprocal: unary("Reciprocal"),
    /** To the nearest whole number; halves to the even one. */
    round: unary("Round"),
    relu: unary("Relu"),
    sigmoid: unary("Sigmoid"),
    /** ln(1 + eˣ), without overflow. */
    softplus: unary("Softplus"),
    /** max(0, min(1, alpha·x + beta)). */
    hardSigmoid: (x: Value, alpha: number, beta: number) => emit("HardSigmoid", { X: x }, { alpha, beta }).Y,
    identity: unary("Identity"),
    cast: (x: Value, to: DType) => emit("Cast", { input: x }, { to }).output,
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    pow: binary("Pow"),
    greater: binary("Greater"),
    equal: binary("Equal"),
    max: (...values: Value[]) => emit("Max", { data: values }, {}).max,
    where: (condition: Value, x: Value, y: Value) => emit("Where", { condition, X: x, Y: y }, {}).output,
    /** x · factor. */
    scale: (x: Value, factor: number) => emit("Mul", { A: x, B: scalar(factor, x) }, {}).C,

    /**
     * Inverted dropout with the randomness given from outside, so that every execution provider and every
     * resumed run drops the same units: keeps x / (1 - ratio) where noise ≥ ratio, else 0.
     * @param noise uniform in [0, 1), shape of x
     * @param ratio in [0, 1): the share dropped
     * Source: torch.nn.Dropout
     */
    dropout: (x: Value, noise: Value, ratio: number): Value => {
      if (!(ratio >= 0 && ratio < 1))
        throw new ShapeError(`dropout: ratio is ${ratio}, expected it in [0, 1)`);
      if (ratio === 0) return x;
      const dropped = emit("Greater", { A: scalar(ratio, noise), B: noise }, {}).C;
      const kept = emit(
        "Where",
        { condition: dropped, X: scalar(0, x), Y: scalar(1 / (1 - ratio), x) },
        {},
      ).output;
      return emit("Mul", { A: x, B: kept }, {}).C;
    },
  };
}
