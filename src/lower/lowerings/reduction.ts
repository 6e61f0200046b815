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
  const most = op.reduceMax(data, axes, true);
  const sum = op.reduceSum(op.exp(op.sub(data, most)), axes, true);
  const result = op.add(op.log(sum), most);
  return attributes.keepdims ? result : op.squeeze(result, normalizeAxes(axes, data.shape.length, name));
}
