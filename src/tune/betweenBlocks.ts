/** @file A node as it is timed on a machine with blocked feature maps: among neighbours that keep theirs in blocks. */

import type { Graph, Node, Value } from "../ir/graph.js";
import { specOf } from "../ir/opTable.js";

/** Weights and their gradients have no neighbours in blocks. */
const WEIGHTS: readonly string[] = ["W", "dW"];

/**
 * The graph with its feature maps in blocks at both ends. A way of computing that is in blocks too takes and gives them
 * as they are; any other pays for the way out of blocks and back.
 * @param graph of one node
 * @param block channels that lie side by side
 */
export function betweenBlocks(graph: Graph, block: number): Graph {
  const [node] = graph.nodes as readonly [Node];
  const { inputs, outputs } = specOf(node.op);
  const isMap = (value: Value, name: string | undefined): boolean =>
    value.shape.length === 4 &&
    value.dtype === "float32" &&
    (value.shape[1] as number) % block === 0 &&
    !WEIGHTS.includes(name!);
  const before = new Map<string, Node>();
  const fed = node.inputs.map((value, at) => {
    if (value === null || graph.constants.has(value.name) || !isMap(value, Object.keys(inputs)[at]))
      return value;
    const out = { ...value, name: `${value.name}/plain` };
    before.set(value.name, reorder("ReorderOutput", value, out));
    return out;
  });
  const after = graph.outputs.flatMap(({ value }) => {
    const at = node.outputs.findIndex(({ name }) => name === value.name);
    const into = { ...value, name: `${value.name}/blocked` };
    return isMap(value, Object.keys(outputs)[at]) ? [reorder("ReorderInput", value, into)] : [];
  });
  const given = new Map(after.map((one) => [one.inputs[0]!.name, one.outputs[0]!]));
  return {
    ...graph,
    nodes: [...before.values(), { ...node, inputs: fed }, ...after],
    outputs: graph.outputs.map(({ value }) => {
      const end = given.get(value.name) ?? value;
      return { name: end.name, value: end };
    }),
  };
}

function reorder(op: "ReorderInput" | "ReorderOutput", from: Value, to: Value): Node {
  const channels: Record<string, number> =
    op === "ReorderOutput" ? { channels: from.shape[1] as number } : {};
  return {
    name: `/${to.name}`,
    op,
    inputs: [from],
    outputs: [to],
    attributes: { ...channels, channelsLast: 0 },
  };
}
