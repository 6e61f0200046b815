/** @file Gradients of elementwise operators. Broadcasts are summed by the engine. */

import { isFloat } from "../../ir/dtype.js";
import type { GradRules } from "../rule.js";
import type { elementwiseShapes } from "../../ops/elementwise.js";

export const elementwiseRules = {
  // Y = -X: dX = -dY
  Neg: ({ op, dY }) => ({ X: () => op.neg(dY) }),
  // Y = |X|: dX = dY·sign(X), 0 at 0
  Abs: ({ op, inputs: { X }, dY }) => ({
    X: () => {
      const zero = op.scalar(0, X);
      return op.where(op.greater(X, zero), dY, op.where(op.greater(zero, X), op.neg(dY), zero));
    },
  }),
  // Y = eˣ: dX = dY·Y
  Exp: ({ op, outputs: { Y }, dY }) => ({ X: () => op.mul(dY, Y) }),
  // Y = ln X: dX = dY / X
  Log: ({ op, inputs: { X }, dY }) => ({ X: () => op.div(dY, X) }),
  // Y = √X: dX = dY / 2Y
  Sqrt: ({ op, outputs: { Y }, dY }) => ({ X: () => op.div(op.scale(dY, 0.5), Y) }),
  // Y = 1/X: dX = -dY·Y²
  Reciprocal: ({ op, outputs: { Y }, dY }) => ({ X: () => op.neg(op.mul(dY, op.mul(Y, Y))) }),
  Round: { noGradient: "rounding is constant almost everywhere" },
  // Y = max(X, 0): dX = dY where Y > 0, 0 at 0
  Relu: ({ op, outputs: { Y }, dY }) => ({
    X: () => op.where(op.greater(Y, op.scalar(0, Y)), dY, op.scalar(0, Y)),
  }),
  // Y = σ(X): dX = dY·Y·(1 - Y)
  Sigmoid: ({ op, outputs: { Y }, dY }) => ({ X: () => op.mul(dY, op.mul(Y, op.sub(op.scalar(1, Y), Y))) }),
  // Y = ln(1 + eˣ): dX = dY·σ(X)
  Softplus: ({ op, inputs: { X }, dY }) => ({ X: () => op.mul(dY, op.sigmoid(X)) }),
  HardSigmoid: { noGradient: "lowering puts it in after gradients were taken" },
  Identity: ({ dY }) => ({ X: () => dY }),
  Cast: ({ op, inputs: { input }, outputs: { output }, dY }) => ({
    input: isFloat(input.dtype) && isFloat(output.dtype) ? () => op.cast(dY, input.dtype) : null,
  }),
  Add: ({ dY }) => ({ A: () => dY, B: () => dY }),
  Sub: ({ op, dY }) => ({ A: () => dY, B: () => op.neg(dY) }),
  // C = A·B: dA = dY·B, dB = dY·A
  Mul: ({ op, inputs: { A, B }, dY }) => ({ A: () => op.mul(dY, B), B: () => op.mul(dY, A) }),
  // C = A/B: dA = dY/B, dB = -dY·C/B
  Div: ({ op, inputs: { B }, outputs: { C }, dY }) => ({
    A: () => op.div(dY, B),
    B: () => op.neg(op.div(op.mul(dY, C), B)),
  }),
  // C = Aᴮ: dA = dY·B·Aᴮ⁻¹, 0 where B = 0 even at A = 0; dB = dY·C·ln A where A > 0, else 0
  Pow: ({ op, inputs: { A, B }, outputs: { C }, dY }) => ({
    A: () => {
      const one = op.scalar(1, B);
      const exponent = op.where(op.equal(B, op.scalar(0, B)), one, op.sub(B, one));
      return op.mul(dY, op.mul(B, op.pow(A, exponent)));
    },
    B: () => {
      const positive = op.greater(A, op.scalar(0, A));
      return op.mul(dY, op.mul(C, op.log(op.where(positive, A, op.scalar(1, A)))));
    },
  }),
  // max = the largest: dY is shared equally by the inputs that reach it
  Max: ({ op, inputs: { data }, outputs: { max }, dY }) => {
    const reaches = data.map((x) => () => op.cast(op.equal(x, max), max.dtype));
    const share = () =>
      op.div(
        dY,
        reaches.map((reach) => reach()).reduce((a, b) => op.add(a, b)),
      );
    return { data: reaches.map((reach) => () => op.mul(reach(), share())) };
  },
  Greater: { noGradient: "a comparison is constant almost everywhere" },
  Equal: { noGradient: "a comparison is constant almost everywhere" },
  Where: ({ op, inputs: { condition }, dY }) => ({
    condition: null,
    X: () => op.where(condition, dY, op.scalar(0, dY)),
    Y: () => op.where(condition, op.scalar(0, dY), dY),
  }),
} satisfies GradRules<keyof typeof elementwiseShapes>;
