/**
 * @file Gradients of a network times a power of two, as long as they are on their way through it: most are too small for
 * float16. Where they enter the network they are multiplied, where something not linear in them reads them they are
 * divided, so that the graph computes what it did. Multiplying by a power of two rounds nothing.
 */

import type { Graph, Node, Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { GraphBuilder } from "../../ops/builder.js";

const GRADIENT = /^\/grad\//;
const OBJECTIVE = /^\/grad\/objective\//;

/** Positions of the inputs of which all outputs are a linear function while the other inputs stand. */
const LINEAR_IN_FIRST: readonly OpKind[] = [
  "Neg",
  "Identity",
  "Reshape",
  "Flatten",
  "Transpose",
  "Slice",
  "Pad",
  "Expand",
  "Squeeze",
  "Unsqueeze",
  "ReduceSum",
  "ReduceMean",
  "Gather",
  "GatherElements",
  "GatherND",
  "Div",
  "ConvInputGradient",
  "ConvWeightGradient",
  "MaxPoolGradient",
  "AveragePoolGradient",
  "BatchNormalizationGradient",
];
/** Linear in all these inputs together. */
const SUMS: Partial<Record<OpKind, readonly number[] | "all">> = {
  Add: "all",
  Sub: "all",
  Concat: "all",
  Where: [1, 2],
};
/** Linear in either of the first two inputs; a third one is added. */
const PRODUCTS: readonly OpKind[] = ["Mul", "MatMul", "Gemm"];

interface Numbers {
  isScaled(value: Value | null | undefined): boolean;
  isZero(value: Value): boolean;
}

/** Whether scaled inputs give scaled outputs: all alike. */
function staysScaled({ op, inputs }: Node, { isScaled, isZero }: Numbers): boolean {
  const positions = inputs.flatMap((value, at) => (isScaled(value) ? [at] : []));
  if (LINEAR_IN_FIRST.includes(op)) return positions.join() === "0";
  if (PRODUCTS.includes(op)) return positions.length === 1 && positions[0]! < 2 && !inputs[2];
  const terms = SUMS[op];
  if (terms === undefined) return false;
  return inputs.every((value, at) => {
    const isTerm = terms === "all" || terms.includes(at);
    return isTerm ? isScaled(value) || isZero(value!) : !isScaled(value);
  });
}

/** Values that gradients of the objective hand to the network's. */
function entering({ nodes }: Graph): ReadonlySet<string> {
  const made = nodes.filter(({ name }) => OBJECTIVE.test(name)).flatMap(({ outputs }) => outputs);
  const names = new Set(made.filter(({ dtype }) => dtype === "float32").map(({ name }) => name));
  const readers = nodes.filter(({ name }) => GRADIENT.test(name) && !OBJECTIVE.test(name));
  const read = readers.flatMap(({ inputs }) => inputs.flatMap((value) => value?.name ?? []));
  return new Set(read.filter((name) => names.has(name)));
}

/**
 * @param graph of a training step, not lowered; a graph without gradients stays as it is
 * @param scale a power of two
 */
export function scaleGradients(graph: Graph, scale: number): Graph {
  const begins = entering(graph);
  if (begins.size === 0) return graph;
  const builder = GraphBuilder.from({ ...graph, nodes: [], outputs: [] });
  const { op } = builder;
  const scaled = new Map<string, Value>();
  const restored = new Map<string, Value>();
  const numbers: Numbers = {
    isScaled: (value) => (value ? scaled.has(value.name) : false),
    isZero: ({ name }) => Array.from(graph.constants.get(name)?.data ?? [1]).every((number) => number === 0),
  };
  const restore = (value: Value): Value => {
    const found = scaled.get(value.name);
    if (found === undefined) return value;
    const known = restored.get(value.name) ?? builder.scope("unscale", () => op.scale(found, 1 / scale));
    restored.set(value.name, known);
    return known;
  };
  for (const node of graph.nodes) {
    const inNetwork = GRADIENT.test(node.name) && !OBJECTIVE.test(node.name);
    const stays = inNetwork && staysScaled(node, numbers);
    const take = (value: Value): Value => (stays ? (scaled.get(value.name) ?? value) : restore(value));
    builder.adopt({ ...node, inputs: node.inputs.map((value) => value && take(value)) });
    for (const value of node.outputs) {
      if (stays) scaled.set(value.name, value);
      else if (begins.has(value.name)) {
        restored.set(value.name, value);
        scaled.set(
          value.name,
          builder.scope("scale", () => op.scale(value, scale)),
        );
      }
    }
  }
  for (const { name, value } of graph.outputs) builder.output(name, restore(value));
  return builder.build();
}
