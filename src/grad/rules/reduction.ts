/** @file Gradients of reductions, and of normalizations along an axis. */

import type { Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { normalizeAxes, showShape } from "../../ir/shape.js";
import type { reductionShapes } from "../../ops/reduction.js";
import type { GradContext, GradRules } from "../rule.js";

type Reduction = Extract<OpKind, `Reduce${string}`>;

function axesOf({ inputs: { data, axes }, ints }: GradContext<Reduction>): number[] {
  return normalizeAxes(ints(axes), data.shape.length, "reduction");
}

/** A value of the reduced shape with its reduced axes put back as size 1, so that it broadcasts over data. */
function restore(ctx: GradContext<Reduction>, value: Value): Value {
  return ctx.attributes.keepdims ? value : ctx.op.unsqueeze(value, axesOf(ctx));
}

function reducedCount(ctx: GradContext<Reduction>): number {
  const { shape } = ctx.inputs.data;
  return axesOf(ctx).reduce((count, axis) => {
    const dim = shape[axis]!;
    if (typeof dim === "number") return count * dim;
    return ctx.fail(
      `averages over the named dimension "${dim}" of ${showShape(shape)}; give it a size before differentiating`,
    );
  }, 1);
}

export const reductionRules = {
  ReduceSum: (ctx) => ({ data: () => ctx.op.expandLike(restore(ctx, ctx.dY), ctx.inputs.data), axes: null }),
  ReduceMean: (ctx) => ({
    data: () => ctx.op.expandLike(ctx.op.scale(restore(ctx, ctx.dY), 1 / reducedCount(ctx)), ctx.inputs.data),
    axes: null,
  }),
  // dY is shared equally by all entries that reach the maximum
  ReduceMax: (ctx) => ({
    data: () => {
      const { op, inputs, outputs, dY } = ctx;
      const reaches = op.cast(op.equal(inputs.data, restore(ctx, outputs.reduced)), dY.dtype);
      return op.mul(reaches, op.div(restore(ctx, dY), op.reduceSum(reaches, axesOf(ctx), true)));
    },
    axes: null,
  }),
  // Y = Σ X²: dX = 2·X·dY
  ReduceSumSquare: (ctx) => ({
    data: () => ctx.op.mul(ctx.inputs.data, ctx.op.scale(restore(ctx, ctx.dY), 2)),
    axes: null,
  }),
  // Y = ln Σ eˣ: dX = dY·softmax(X)
  ReduceLogSumExp: (ctx) => ({
    data: () => {
      const { op, inputs, outputs, dY } = ctx;
      const axes = axesOf(ctx);
      const share =
        axes.length === 1
          ? op.softmax(inputs.data, axes[0])
          : op.exp(op.sub(inputs.data, restore(ctx, outputs.reduced)));
      return op.mul(share, restore(ctx, dY));
    },
    axes: null,
  }),
  // Y = softmax(X): dX = Y·(dY - Σ dY·Y)
  Softmax: ({ op, outputs: { Y }, attributes: { axis }, dY }) => ({
    X: () => op.mul(Y, op.sub(dY, op.reduceSum(op.mul(dY, Y), [axis], true))),
  }),
  // Y = log softmax(X): dX = dY - eʸ·Σ dY
  LogSoftmax: ({ op, outputs: { Y }, attributes: { axis }, dY }) => ({
    X: () => op.sub(dY, op.mul(op.exp(Y), op.reduceSum(dY, [axis], true))),
  }),
} satisfies GradRules<keyof typeof reductionShapes>;
