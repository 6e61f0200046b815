/** @file What a graph costs to run: arithmetic, memory traffic, and memory for the values that flow through it. */

import { elementBytes } from "./dtype.js";
import { viewNode, type Graph, type Node, type Value } from "./graph.js";
import type { OpKind } from "./opTable.js";
import { elementCount, type Shape } from "./shape.js";

/** Sizes of named dimensions. One that is not named here counts as 1. */
export type Sizes = Readonly<Record<string, number>>;

export interface Cost {
  /** Floating-point operations of one run; a multiplication with its addition counts as two. */
  readonly flops: number;
  /** Most memory that values between inputs and outputs take at once, if each lives from its node to its last use. */
  readonly peakBytes: number;
}

function elements(shape: Shape, sizes: Sizes): number {
  return elementCount(shape.map((dim) => (typeof dim === "number" ? dim : (sizes[dim] ?? 1))));
}

/** Operators that move or view numbers. */
const MOVING: readonly OpKind[] = [
  "Identity",
  "Cast",
  "Shape",
  "Reshape",
  "Flatten",
  "Transpose",
  "Concat",
  "Slice",
  "Pad",
  "Expand",
  "Squeeze",
  "Unsqueeze",
  "ReorderInput",
  "ReorderOutput",
  "Gather",
  "GatherElements",
  "GatherND",
  "ScatterElements",
  "ScatterND",
];
/** Operators that read no more of their data than they write. */
const PICKING: readonly OpKind[] = ["Slice", "Gather", "GatherElements", "GatherND"];
/** Operators whose output is their input in another shape: they take no memory of their own. */
const VIEWS: readonly OpKind[] = ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"];

/** Operations of one node: those of its products where it has any, else one for each number it reads or writes. */
export function nodeFlops(node: Node, sizes: Sizes): number {
  const count = (value: Value): number => elements(value.shape, sizes);
  const last = (value: Value, axis: number): number => elements(value.shape.slice(axis).slice(0, 1), sizes);
  const output = count(node.outputs[0]!);
  switch (node.op) {
    case "Conv":
    case "BlockedConv": {
      const { W } = viewNode({ ...node, op: node.op }).inputs;
      return 2 * output * elements(W.shape.slice(1), sizes);
    }
    case "ConvTranspose": {
      const { X, W } = viewNode({ ...node, op: node.op }).inputs;
      return 2 * count(X) * elements(W.shape.slice(1), sizes);
    }
    // Each gradient takes as many products as the convolution that it belongs to.
    case "ConvInputGradient": {
      const { dY, W } = viewNode({ ...node, op: node.op }).inputs;
      return 2 * count(dY) * elements(W.shape.slice(1), sizes);
    }
    case "ConvWeightGradient": {
      const { inputs, outputs } = viewNode({ ...node, op: node.op });
      return 2 * count(inputs.dY) * elements(outputs.dW.shape.slice(1), sizes);
    }
    case "MatMul":
      return 2 * output * last(node.inputs[0]!, -1);
    case "Gemm": {
      const { inputs, attributes } = viewNode({ ...node, op: node.op });
      return 2 * output * last(inputs.A, attributes.transA ? 0 : 1);
    }
    default: {
      if (MOVING.includes(node.op)) return 0;
      return Math.max(output, ...node.inputs.map((value) => (value ? count(value) : 0)));
    }
  }
}

/** Bytes that one node has to read and write, each once; none for a view. */
export function nodeBytes(node: Node, sizes: Sizes): number {
  if (node.op === "Shape" || (VIEWS.includes(node.op) && node.op !== "Identity")) return 0;
  const total = (values: readonly (Value | null)[]): number =>
    values.reduce(
      (sum, value) => sum + (value ? elementBytes(value.dtype) * elements(value.shape, sizes) : 0),
      0,
    );
  const written = total(node.outputs);
  return written + (PICKING.includes(node.op) ? written : total(node.inputs));
}

export function costOf(graph: Graph, sizes: Sizes = {}): Cost {
  const flops = graph.nodes.reduce((sum, node) => sum + nodeFlops(node, sizes), 0);
  return { flops, peakBytes: peakBytes(graph, sizes) };
}

function peakBytes(graph: Graph, sizes: Sizes): number {
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, at) => node.inputs.forEach((value) => value && lastUse.set(value.name, at)));
  // Outputs are given by the caller; views borrow.
  const own = (node: Node, value: Value): number =>
    VIEWS.includes(node.op) ? 0 : elementBytes(value.dtype) * elements(value.shape, sizes);
  const freedAt = new Map<number, number>();
  let [live, peak] = [0, 0];
  graph.nodes.forEach((node, at) => {
    for (const value of node.outputs) {
      const size = own(node, value);
      live += size;
      const end = lastUse.get(value.name) ?? at;
      freedAt.set(end, (freedAt.get(end) ?? 0) + size);
    }
    peak = Math.max(peak, live);
    live -= freedAt.get(at) ?? 0;
  });
  return peak;
}
