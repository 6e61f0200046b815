/** @file Elementwise operators. */

import { isFloat } from "../../../src/ir/dtype.js";
import type { KernelContext, Kernels } from "./kernel.js";
import { broadcastShape, elementOf, tabulate, type NdArray } from "./ndArray.js";

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

const unary =
  (f: (x: number) => number) =>
  ({ inputs: { X } }: KernelContext<Unary>): { Y: NdArray } => ({
    Y: { shape: [...X.shape], data: X.data.map(f) },
  });

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const isUp = x - below === 0.5 ? below % 2 !== 0 : x - below > 0.5;
  return isUp ? below + 1 : below;
}

function combine(inputs: readonly NdArray[], f: (...elements: number[]) => number): NdArray {
  return tabulate(broadcastShape(...inputs.map((input) => input.shape)), (at) =>
    f(...inputs.map((input) => elementOf(input, at))),
  );
}

const binary =
  (f: (a: number, b: number) => number) =>
  ({ inputs: { A, B } }: KernelContext<Binary>): { C: NdArray } => ({ C: combine([A, B], f) });

/** Conversion to a dtype; floats keep all their digits, for the interpreter knows only float64. */
function convert(x: number, { dtype }: KernelContext<"Cast">): number {
  if (isFloat(dtype)) return x;
  if (dtype === "bool") return x === 0 ? 0 : 1;
  return dtype === "uint8" ? Math.trunc(x) & 0xff : Math.trunc(x);
}

export const elementwise = {
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Round: unary(roundHalfEven),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary((x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))),
  HardSigmoid: ({ inputs: { X }, attributes: { alpha, beta } }) => ({
    Y: { shape: [...X.shape], data: X.data.map((x) => Math.max(0, Math.min(1, alpha * x + beta))) },
  }),
  Softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  Identity: unary((x) => x),
  Cast: (ctx) => ({
    output: { shape: [...ctx.inputs.input.shape], data: ctx.inputs.input.data.map((x) => convert(x, ctx)) },
  }),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: (ctx) => binary(isFloat(ctx.dtype) ? (a, b) => a / b : (a, b) => Math.trunc(a / b))(ctx),
  Pow: binary((a, b) => a ** b),
  Max: ({ inputs }) => ({ max: combine(inputs.data, Math.max) }),
  Greater: binary((a, b) => (a > b ? 1 : 0)),
  Equal: binary((a, b) => (a === b ? 1 : 0)),
  Where: ({ inputs: { condition, X, Y } }) => ({
    output: combine([condition, X, Y], (c, x, y) => (c === 0 ? y : x)),
  }),
} satisfies Kernels<Unary | "HardSigmoid" | Binary | "Cast" | "Max" | "Where">;
