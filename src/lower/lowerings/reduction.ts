/** @file Reductions in other ONNX operators, for providers whose own are slow. */

import type { NodeView, Value } from "../../ir/graph.js";
import { normalizeAxes } from "../../ir/shape.js";
import type { OpBuilder } from "../../ops/table.js";

/** ln Σ eˣ as max + ln Σ e^(x - max). */
export function logSumExpByParts(
  op: OpBuilder,
  { name, inputs: { data }, attributes }: NodeView<"ReduceLogSumExp">,
  axes: readonly number[],
): Value {
  const counted = normalizeAxes(axes, data.shape.length, name);
  const most = op.reduceMax(data, counted, true);
  const sum = op.reduceSum(op.exp(op.sub(data, most)), counted, true);
  const result = op.add(op.log(sum), most);
  return attributes.keepdims ? result : op.squeeze(result, counted);
}

/** eˣ / Σ eˣ, of the same parts: where both are computed, they share them. */
export function softmaxByParts(
  op: OpBuilder,
  { name, inputs: { X }, attributes: { axis } }: NodeView<"Softmax">,
): Value {
  const axes = normalizeAxes([axis], X.shape.length, name);
  const powers = op.exp(op.sub(X, op.reduceMax(X, axes, true)));
  return op.div(powers, op.reduceSum(powers, axes, true));
}

/** x - ln Σ eˣ, of the same parts. */
export function logSoftmaxByParts(
  op: OpBuilder,
  { name, inputs: { X }, attributes: { axis } }: NodeView<"LogSoftmax">,
): Value {
  const axes = normalizeAxes([axis], X.shape.length, name);
  const below = op.sub(X, op.reduceMax(X, axes, true));
  return op.sub(below, op.log(op.reduceSum(op.exp(below), axes, true)));
}
