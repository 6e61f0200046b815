/** @file Adds parts before they are put together: what is zero in one of the two drops out. */

import type { Graph, Node, Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { isStatic, shapesEqual } from "../../ir/shape.js";
import type { OpBuilder } from "../../ops/table.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

const PUT_TOGETHER: readonly OpKind[] = ["Reshape", "Concat"];

const samePieces = (a: Node, b: Node): boolean =>
  a.inputs.length === b.inputs.length &&
  a.inputs.every((piece, at) => shapesEqual(piece!.shape, b.inputs[at]!.shape));

export const addParts: Pass = {
  name: "addParts",
  because:
    "two input gradients of strided convolutions are put together from parts, and many parts of one are zero",
  run(graph: Graph) {
    const producers = new Map<string, Node>();
    const isZero = (value: Value): boolean => {
      const maker = producers.get(value.name);
      const held = graph.constants.get(maker?.op === "Expand" ? maker.inputs[0]!.name : value.name);
      return held !== undefined && Array.from(held.data).every((number) => number === 0);
    };
    const add = (op: OpBuilder, a: Value, b: Value): Value => (isZero(a) ? b : isZero(b) ? a : op.add(a, b));
    return rewriteNodes(graph, (node, op) => {
      for (const value of node.outputs) producers.set(value.name, node);
      if (node.op !== "Add") return null;
      const [a, b] = node.inputs.map((value) => producers.get(value!.name));
      if (!a || !b || a.op !== b.op || !PUT_TOGETHER.includes(a.op) || !samePieces(a, b)) return null;
      const { shape } = node.outputs[0]!;
      if (a.op === "Reshape" && isStatic(shape) && shapesEqual(node.inputs[0]!.shape, node.inputs[1]!.shape))
        return [op.reshape(add(op, a.inputs[0]!, b.inputs[0]!), shape)];
      if (a.op !== "Concat" || a.attributes["axis"] !== b.attributes["axis"]) return null;
      const parts = a.inputs.map((piece, at) => add(op, piece!, b.inputs[at]!));
      return [op.concat(parts, a.attributes["axis"] as number)];
    });
  },
};
