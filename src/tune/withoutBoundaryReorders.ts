/** @file A node as it is timed: what its neighbours in the whole graph would share with it is left out. */

import type { Graph, Node, Value } from "../ir/graph.js";
import { specOf } from "../ir/opTable.js";
import { rewriteNodes } from "../lower/rewrite.js";
import { removeDeadNodes } from "../lower/passes/removeDeadNodes.js";

/** Weights and their gradients have no neighbours in blocks. */
const WEIGHTS: readonly string[] = ["W", "dW"];

/** Names of the feature maps that the node reads and writes. */
function mapsOf({ op, inputs, outputs }: Node): Set<string> {
  const { inputs: ins, outputs: outs } = specOf(op);
  const maps = (names: readonly string[], values: readonly (Value | null)[]): string[] =>
    values.flatMap((value, at) =>
      value?.shape.length === 4 && !WEIGHTS.includes(names[at]!) ? [value.name] : [],
    );
  return new Set([...maps(Object.keys(ins), inputs), ...maps(Object.keys(outs), outputs)]);
}

/**
 * The lowered graph without what brings the node's feature maps into blocks and out of them: where neighbours are in
 * blocks too, it cancels. The numbers that flow are then in another order, and take the same time.
 * @param node that the graph was lowered from
 */
export function withoutBoundaryReorders(lowered: Graph, node: Node): Graph {
  const maps = mapsOf(node);
  const isBoundary = ({ op, inputs: [x], outputs: [y], attributes }: Node): boolean => {
    if (attributes["channelsLast"] !== 0) return false;
    return op === "ReorderInput" ? maps.has(x!.name) : op === "ReorderOutput" && maps.has(y!.name);
  };
  const { graph } = rewriteNodes(lowered, (one) => (isBoundary(one) ? [one.inputs[0]!] : null));
  const bare = removeDeadNodes.run(graph).graph;
  return { ...bare, outputs: bare.outputs.map(({ value }) => ({ name: value.name, value })) };
}
