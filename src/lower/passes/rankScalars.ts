/** @file Numbers that a whole tensor is added to or multiplied by have as many axes as the tensor. */

import type { Graph, Node, Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { elementCount, isStatic } from "../../ir/shape.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

const BROADCASTING: readonly OpKind[] = ["Add", "Sub", "Mul", "Div"];

/** A number of fewer axes than the tensor, whose last axis is 1. */
function isSlow(number: Value, tensor: Value): boolean {
  const { shape } = tensor;
  const isNumber = isStatic(number.shape) && elementCount(number.shape) === 1;
  return isNumber && number.shape.length < shape.length && shape.at(-1) === 1;
}

export const rankScalars: Pass = {
  name: "rankScalars",
  because:
    "ONNX Runtime's CPU kernels broadcast a number without axes to [2048, 1024, 1, 1] element by element, which takes 13 ms, and one of [1, 1, 1, 1] in runs, which takes 0.1",
  run(graph: Graph) {
    return rewriteNodes(graph, (node: Node, op) => {
      if (!BROADCASTING.includes(node.op)) return null;
      const [a, b] = node.inputs as [Value, Value];
      const ranked = (number: Value, tensor: Value): Value =>
        isSlow(number, tensor)
          ? op.reshape(
              number,
              tensor.shape.map(() => 1),
            )
          : number;
      const [left, right] = [ranked(a, b), ranked(b, a)];
      if (left === a && right === b) return null;
      const build = { Add: op.add, Sub: op.sub, Mul: op.mul, Div: op.div }[node.op as "Add"];
      return [build(left, right)];
    });
  },
};
