/** @file Computes nodes whose inputs are all known, as long as the result is small. */

import type { DType, Tensor } from "../../ir/dtype.js";
import type { Graph, Node, Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { elementCount, isStatic, stridesOf } from "../../ir/shape.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

/** A larger constant would cost more in the file than its computation costs in a step. */
const MAX_ELEMENTS = 1024;

const UNARY: Partial<Record<OpKind, (x: number) => number>> = {
  Neg: (x) => -x,
  Exp: Math.exp,
  Log: Math.log,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Identity: (x) => x,
};
const BINARY: Partial<Record<OpKind, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};
/** Operators that view the same numbers in another shape. */
const VIEWS: readonly OpKind[] = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"];

/** The number as its dtype would hold it. */
function round(value: number, dtype: DType): number {
  if (dtype === "float32") return Math.fround(value);
  return dtype.startsWith("float") ? value : Math.trunc(value);
}

/** Reads `tensor` as if broadcast to `shape`. */
function broadcastReader(tensor: Tensor, shape: readonly number[]): (position: number) => number {
  const strides = stridesOf(shape);
  const own = stridesOf(tensor.shape);
  const lead = shape.length - tensor.shape.length;
  return (position) => {
    let offset = 0;
    tensor.shape.forEach((size, axis) => {
      const at = Math.floor(position / strides[axis + lead]!) % shape[axis + lead]!;
      if (size > 1) offset += at * own[axis]!;
    });
    return tensor.data[offset]!;
  };
}

function compute(node: Node, [first, second]: readonly Tensor[], shape: readonly number[]): number[] | null {
  if (first === undefined) return null;
  const fill = (at: (position: number) => number) =>
    Array.from({ length: elementCount(shape) }, (_, i) => at(i));
  const a = broadcastReader(first, shape);
  const unary = UNARY[node.op];
  const binary = BINARY[node.op];
  if (unary) return fill((i) => unary(a(i)));
  if (binary && second) {
    const b = broadcastReader(second, shape);
    return fill((i) => binary(a(i), b(i)));
  }
  if (VIEWS.includes(node.op)) return Array.from(first.data);
  return node.op === "Expand" ? fill(a) : null;
}

/** Left to the runtime, which knows how to round them. */
const HALVES: readonly DType[] = ["float16", "bfloat16"];

function foldable({ dtype, shape }: Value): boolean {
  return isStatic(shape) && elementCount(shape) <= MAX_ELEMENTS && !HALVES.includes(dtype);
}

export const foldConstants: Pass = {
  name: "foldConstants",
  because: "scales of gradients and losses are products of numbers known when the graph is built",
  run(graph: Graph) {
    const known = new Map(graph.constants);
    return rewriteNodes(graph, (node, op) => {
      const [output] = node.outputs;
      if (output === undefined || !foldable(output)) return null;
      const shape = output.shape as readonly number[];
      const fold = (data: number[]): Value[] => {
        const tensor = {
          dtype: output.dtype,
          shape,
          data: data.map((number) => round(number, output.dtype)),
        };
        const value = op.constant(tensor);
        known.set(value.name, tensor);
        return [value];
      };
      const [source] = node.inputs;
      if (node.op === "Shape" && source && isStatic(source.shape)) return fold([...source.shape]);
      const inputs = node.inputs.map((value) => (value ? known.get(value.name) : undefined));
      if (!inputs.every((tensor) => tensor !== undefined)) return null;
      const data = compute(node, inputs, shape);
      return data && fold(data);
    });
  },
};
