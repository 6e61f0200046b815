/**
 * @file Keeps feature maps in blocks from one operator to the next. Each blocked form brings its inputs into blocks and
 * its outputs out of them; these passes take away what undoes each other.
 */

import type { Graph, Node, Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { shapesEqual } from "../../ir/shape.js";
import type { OpBuilder } from "../../ops/table.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

/** The node that made a value; undefined for inputs and constants. */
type Producers = Map<string, Node>;

function note(producers: Producers, node: Node): void {
  for (const value of node.outputs) producers.set(value.name, node);
}

const isReorder = (node: Node | undefined, op: "ReorderInput" | "ReorderOutput"): node is Node =>
  node?.op === op && node.attributes["channelsLast"] === 0;
const isReorderOutput = (node: Node | undefined): node is Node => isReorder(node, "ReorderOutput");

export const cancelReorders: Pass = {
  name: "cancelReorders",
  because: "into blocks and out again is where it was",
  run(graph: Graph) {
    const producers: Producers = new Map();
    return rewriteNodes(graph, (node) => {
      note(producers, node);
      const [x] = node.inputs;
      const before = x ? producers.get(x.name) : undefined;
      if (isReorder(node, "ReorderInput") && isReorderOutput(before)) return [before.inputs[0]!];
      if (isReorderOutput(node)) {
        const [, , height, width] = node.outputs[0]!.shape;
        if (isReorder(before, "ReorderInput")) return [before.inputs[0]!];
        if (height === 1 && width === 1) return [x!]; // one pixel is the same in blocks and without
      }
      return null;
    });
  },
};

/** What works on each number alone, and so in any layout. */
const ELEMENTWISE: Partial<Record<OpKind, (op: OpBuilder, inputs: Value[], node: Node) => Value>> = {
  Add: (op, [a, b]) => op.add(a!, b!),
  Sub: (op, [a, b]) => op.sub(a!, b!),
  Mul: (op, [a, b]) => op.mul(a!, b!),
  Relu: (op, [x]) => op.relu(x!),
  Neg: (op, [x]) => op.neg(x!),
  HardSigmoid: (op, [x], { attributes }) =>
    op.hardSigmoid(x!, attributes["alpha"] as number, attributes["beta"] as number),
};

export const sinkReorders: Pass = {
  name: "sinkReorders",
  because: "elementwise operators work in blocks as well, and then nothing is reordered between convolutions",
  run(graph: Graph) {
    const producers: Producers = new Map();
    return rewriteNodes(graph, (node, op) => {
      note(producers, node);
      const build = ELEMENTWISE[node.op];
      if (!build) return null;
      const { shape } = node.outputs[0]!;
      const inputs = node.inputs as readonly Value[];
      const makers = inputs.map((value) => producers.get(value.name));
      const blocked = makers.some(isReorderOutput);
      const fits = inputs.every((value) => value.shape.length === 0 || shapesEqual(value.shape, shape));
      if (!blocked || !fits) return null;
      const inBlocks = inputs.map((value) => {
        const maker = producers.get(value.name);
        if (isReorderOutput(maker)) return maker.inputs[0]!;
        return value.shape.length === 0 ? value : op.reorderInput(value);
      });
      return [op.reorderOutput(build(op, inBlocks, node))];
    });
  },
};

/** How often each value is read, as an output too. */
function countUses(graph: Graph): Map<string, number> {
  const uses = new Map<string, number>();
  const count = (value: Value | null): void => {
    if (value) uses.set(value.name, (uses.get(value.name) ?? 0) + 1);
  };
  for (const { inputs } of graph.nodes) inputs.forEach(count);
  for (const { value } of graph.outputs) count(value);
  return uses;
}

export const fuseIntoConvolutions: Pass = {
  name: "fuseIntoConvolutions",
  because: "a blocked convolution adds and rectifies what it writes, without another pass over memory",
  run(graph: Graph) {
    const producers: Producers = new Map();
    const uses = countUses(graph);
    /** The convolution whose only reader this is. */
    const convolutionOf = (value: Value | null | undefined): Node | undefined => {
      const maker = value ? producers.get(value.name) : undefined;
      const isFree = maker?.op === "BlockedConv" && maker.attributes["activation"] === "";
      return isFree && uses.get(value!.name) === 1 ? maker : undefined;
    };
    const again = (op: OpBuilder, { inputs, attributes }: Node, sum: Value | null, activation: string) =>
      op.blockedConv(inputs[0]!, inputs[1]!, { ...attributes, activation }, inputs[2] ?? null, sum);
    return rewriteNodes(graph, (node, op) => {
      note(producers, node);
      if (node.op === "Relu") {
        const maker = convolutionOf(node.inputs[0]);
        return maker ? [again(op, maker, maker.inputs[3] ?? null, "Relu")] : null;
      }
      if (node.op !== "Add") return null;
      const side = node.inputs.findIndex((value) => {
        const maker = convolutionOf(value);
        return maker !== undefined && !maker.inputs[3] && shapesEqual(value!.shape, node.outputs[0]!.shape);
      });
      const other = node.inputs[1 - side];
      if (side < 0 || !other || !shapesEqual(other.shape, node.outputs[0]!.shape)) return null;
      return [again(op, convolutionOf(node.inputs[side])!, other, "")];
    });
  },
};
