/** @file A node on its own, as a graph that can be run: what a measurement of one node times. */

import type { Graph, Node } from "../ir/graph.js";

/**
 * The node with its constants; its other inputs become those of the graph.
 * @param graph holds the node; simplified
 */
export function oneNodeGraph(node: Node, graph: Graph): Graph {
  const given = new Map(node.inputs.flatMap((value) => (value ? [[value.name, value] as const] : [])));
  const isConstant = (name: string): boolean => graph.constants.has(name);
  const used = usedNames(graph);
  return {
    name: node.name,
    nodes: [node],
    inputs: [...given.values()].filter(({ name }) => !isConstant(name)),
    outputs: node.outputs.filter(({ name }) => used.has(name)).map((value) => ({ name: value.name, value })),
    constants: new Map([...graph.constants].filter(([name]) => given.has(name))),
    parameters: new Map(),
  };
}

function usedNames({ nodes, outputs }: Graph): Set<string> {
  const read = nodes.flatMap(({ inputs }) => inputs.flatMap((value) => value?.name ?? []));
  return new Set([...read, ...outputs.map(({ value }) => value.name)]);
}
