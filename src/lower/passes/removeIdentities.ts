/** @file Removes nodes that change nothing: x·1, x + 0, a Transpose undone by the next, an Expand before a broadcast. */

import type { Graph, Node, Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { broadcastShapes, isStatic, shapesEqual } from "../../ir/shape.js";
import type { OpBuilder } from "../../ops/table.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

interface Known {
  /** The number that a constant of equal entries holds; null for any other value. */
  constant(value: Value | null | undefined): number | null;
  /** The node that made the value; undefined for inputs and constants. */
  producer(value: Value): Node | undefined;
}

type Simplify = (node: Node, op: OpBuilder, known: Known) => Value | null;

/** x where the node only passes x on. */
const neutral =
  (number: number, sides: readonly (0 | 1)[]): Simplify =>
  (node, _, { constant }) => {
    const side = sides.find((at) => constant(node.inputs[at]) === number);
    return side === undefined ? null : (node.inputs[1 - side] ?? null);
  };

/** A node whose output is its input, once shape and dtype are the same. */
const same: Simplify = (node) => node.inputs[0] ?? null;

/** True where the axes that hold more than one element keep their order. */
function movesNothing(x: Value, perm: readonly number[]): boolean {
  const moved = perm.filter((axis) => x.shape[axis] !== 1);
  return isStatic(x.shape) && moved.every((axis, at) => at === 0 || moved[at - 1]! < axis);
}

const stillTranspose: Simplify = (node, op, { producer }) => {
  const [x] = node.inputs;
  const perm = node.attributes["perm"] as readonly number[];
  if (perm.every((axis, at) => axis === at)) return x ?? null;
  if (x && movesNothing(x, perm)) return op.reshape(x, node.outputs[0]!.shape as readonly number[]);
  const before = x ? producer(x) : undefined;
  if (before?.op !== "Transpose") return null;
  const inner = before.attributes["perm"] as readonly number[];
  return op.transpose(
    before.inputs[0]!,
    perm.map((axis) => inner[axis]!),
  );
};

const mergeReshape: Simplify = (node, op, { producer }) => {
  const [x] = node.inputs;
  const { shape } = node.outputs[0]!;
  if (x && shapesEqual(x.shape, shape)) return x;
  const before = x ? producer(x) : undefined;
  const isView = before && ["Reshape", "Flatten", "Squeeze", "Unsqueeze"].includes(before.op);
  return isView && isStatic(shape) ? op.reshape(before.inputs[0]!, shape) : null;
};

/** Applied where dtype and shape stay as they were: that needs no check here. */
const SIMPLIFICATIONS: Partial<Record<OpKind, Simplify>> = {
  Identity: same,
  Cast: same,
  Expand: same,
  Pad: (node, _, { constant }) => (constant(node.inputs[1]) === 0 ? node.inputs[0]! : null),
  // A slice of equal shape is the whole, unless it runs backwards.
  Slice: (node, _, { constant }) => ((constant(node.inputs[4]) ?? 0) > 0 ? node.inputs[0]! : null),
  Concat: (node) => (node.inputs.length === 1 ? node.inputs[0]! : null),
  Add: neutral(0, [0, 1]),
  Sub: neutral(0, [1]),
  Mul: neutral(1, [0, 1]),
  Div: neutral(1, [1]),
  Transpose: stillTranspose,
  Reshape: mergeReshape,
  Flatten: mergeReshape,
  Squeeze: mergeReshape,
  Unsqueeze: mergeReshape,
};

const BROADCASTING: readonly OpKind[] = ["Add", "Sub", "Mul", "Div"];

/** a + Expand(b) → a + b, where the operator broadcasts to the same shape anyway. */
function skipExpand(node: Node, op: OpBuilder, { producer }: Known): Value | null {
  if (!BROADCASTING.includes(node.op)) return null;
  const sources = node.inputs.map((value) => {
    const maker = value ? producer(value) : undefined;
    return maker?.op === "Expand" ? maker.inputs[0]! : value!;
  });
  const [a, b] = sources as [Value, Value];
  const shape = node.outputs[0]!.shape;
  for (const [left, right] of [
    [a, b],
    [node.inputs[0]!, b],
    [a, node.inputs[1]!],
  ] as const) {
    const changed = left !== node.inputs[0] || right !== node.inputs[1];
    if (!changed || !shapesEqual(broadcastShapes(left.shape, right.shape, node.name), shape)) continue;
    const build = { Add: op.add, Sub: op.sub, Mul: op.mul, Div: op.div }[node.op as "Add"];
    return build(left, right);
  }
  return null;
}

function uniformConstants(graph: Graph): Map<string, number> {
  const uniform = [...graph.constants].flatMap(([name, { data }]): [string, number][] => {
    const first = data[0];
    return first !== undefined && Array.from(data).every((number) => number === first) ? [[name, first]] : [];
  });
  return new Map(uniform);
}

export const removeIdentities: Pass = {
  name: "removeIdentities",
  because: "each is a pass over memory that computes nothing",
  run(graph: Graph) {
    const constants = uniformConstants(graph);
    const producers = new Map<string, Node>();
    const known: Known = {
      constant: (value) => (value ? (constants.get(value.name) ?? null) : null),
      producer: (value) => producers.get(value.name),
    };
    return rewriteNodes(graph, (node, op) => {
      const [output] = node.outputs;
      for (const value of node.outputs) producers.set(value.name, node);
      const simplified = SIMPLIFICATIONS[node.op]?.(node, op, known) ?? null;
      const fits =
        simplified && simplified.dtype === output!.dtype && shapesEqual(simplified.shape, output!.shape);
      if (fits) return [simplified];
      const unexpanded = skipExpand(node, op, known);
      return unexpanded && [unexpanded];
    });
  },
};
