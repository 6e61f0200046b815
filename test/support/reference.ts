/**
 * @file A slow interpreter of graphs in float64, written from the definitions of the operators. It is what gradients
 * and execution providers are compared with. Every result is checked against the shape that the graph states.
 */

import { nameInputs, type Graph, type Node } from "../../src/ir/graph.js";
import { specOf, type OpKind } from "../../src/ir/opTable.js";
import { showShape, type Shape } from "../../src/ir/shape.js";
import { blocked } from "./reference/blocked.js";
import { convolution } from "./reference/convolution.js";
import { elementwise } from "./reference/elementwise.js";
import type { Kernel, Kernels } from "./reference/kernel.js";
import { layout } from "./reference/layout.js";
import { linear } from "./reference/linear.js";
import { ndArray, type NdArray } from "./reference/ndArray.js";
import { normalization } from "./reference/normalization.js";
import { pooling } from "./reference/pooling.js";
import { quantization } from "./reference/quantization.js";
import { reduction } from "./reference/reduction.js";
import { rows } from "./reference/rows.js";
import { training } from "./reference/training.js";

export { ndArray, type NdArray } from "./reference/ndArray.js";

export type Feeds = ReadonlyMap<string, NdArray>;

export const kernels = {
  ...elementwise,
  ...reduction,
  ...layout,
  ...rows,
  ...linear,
  ...convolution,
  ...blocked,
  ...pooling,
  ...normalization,
  ...quantization,
  ...training,
} satisfies Kernels;

/** Sizes of named dimensions, learnt from the feeds. */
type Sizes = Map<string, number>;

function learnSizes(name: string, declared: Shape, actual: readonly number[], sizes: Sizes): void {
  declared.forEach((dim, axis) => {
    if (typeof dim === "string" && !sizes.has(dim)) sizes.set(dim, actual[axis]!);
  });
  checkShape(name, declared, actual, sizes);
}

function checkShape(name: string, declared: Shape, actual: readonly number[], sizes: Sizes): void {
  const expected = declared.map((dim) => (typeof dim === "string" ? sizes.get(dim) : dim));
  if (expected.length !== actual.length || expected.some((size, axis) => size !== actual[axis])) {
    throw new RangeError(`${name}: is ${showShape(actual)}, the graph says ${showShape(declared)}`);
  }
}

/** Outputs of a node, in the order of the table. */
function run(node: Node, values: ReadonlyMap<string, NdArray>): NdArray[] {
  const inputs = node.inputs.map((input) => input && (values.get(input.name) ?? null));
  const unknown = node.inputs.find((input, position) => input !== null && inputs[position] === null);
  if (unknown) throw new RangeError(`${node.name}: reads ${unknown.name}, which nothing computed before`);
  const kernel = kernels[node.op] as Kernel<OpKind>;
  const outputs: Readonly<Record<string, NdArray>> = kernel({
    inputs: nameInputs<OpKind, NdArray>(node.op, inputs),
    attributes: node.attributes,
    dtype: node.outputs[0]!.dtype,
  });
  return Object.keys(specOf(node.op).outputs).map((name) => outputs[name]!);
}

/**
 * Values of the graph's outputs, by name.
 * @throws RangeError when a feed is missing or has another shape, or when a result has another shape than the graph says
 */
export function evaluate(graph: Graph, feeds: Feeds): Map<string, NdArray> {
  const values = new Map<string, NdArray>();
  const sizes: Sizes = new Map();
  for (const [name, { shape, data }] of graph.constants) values.set(name, ndArray(shape, data));
  for (const { name, shape } of graph.inputs) {
    const feed = feeds.get(name);
    if (feed === undefined) throw new RangeError(`evaluate ${graph.name}: input ${name} has no feed`);
    learnSizes(`feed ${name}`, shape, feed.shape, sizes);
    values.set(name, feed);
  }
  for (const node of graph.nodes) {
    const outputs = run(node, values);
    node.outputs.forEach((output, position) => {
      checkShape(output.name, output.shape, outputs[position]!.shape, sizes);
      values.set(output.name, outputs[position]!);
    });
  }
  return new Map(graph.outputs.map(({ name, value }) => [name, values.get(value.name)!]));
}
