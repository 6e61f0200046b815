/** @file Divides the smaller factor. */

import type { Graph, Node, Value } from "../../ir/graph.js";
import { isStatic, elementCount, shapesEqual } from "../../ir/shape.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

const isSmaller = (a: Value, b: Value): boolean =>
  isStatic(a.shape) && (!isStatic(b.shape) || elementCount(a.shape) < elementCount(b.shape));

export const divideFirst: Pass = {
  name: "divideFirst",
  because: "x / s · d is two passes over x where s and d are a number for each row, x · (d / s) is one",
  run(graph: Graph) {
    const producers = new Map<string, Node>();
    return rewriteNodes(graph, (node, op) => {
      for (const value of node.outputs) producers.set(value.name, node);
      if (node.op !== "Mul") return null;
      for (const side of [0, 1] as const) {
        const division = producers.get(node.inputs[side]!.name);
        const factor = node.inputs[1 - side]!;
        if (division?.op !== "Div") continue;
        const [x, divisor] = division.inputs as [Value, Value];
        if (shapesEqual(factor.shape, divisor.shape) && isSmaller(divisor, x))
          return [op.mul(x, op.div(factor, divisor))];
      }
      return null;
    });
  },
};
