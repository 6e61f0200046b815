/** @file Nodes on their own, as a graph that can be run: what a measurement of them times. */

import type { Graph, Node } from "../ir/graph.js";

/**
 * The node with its constants; its other inputs become those of the graph.
 * @param graph holds the node; simplified
 */
export const oneNodeGraph = (node: Node, graph: Graph): Graph => nodesAlone([node], graph, node.name);

/**
 * Some nodes, in order, with their constants; what else they read becomes inputs, and what is read of theirs outputs.
 * @param graph holds the nodes; simplified
 */
export function nodesAlone(nodes: readonly Node[], graph: Graph, name: string): Graph {
  const given = new Map(
    nodes.flatMap(({ inputs }) => inputs.flatMap((value) => (value ? [[value.name, value] as const] : []))),
  );
  const made = nodes.flatMap(({ outputs }) => outputs);
  const inside = new Set([...graph.constants.keys(), ...made.map((value) => value.name)]);
  const used = usedNames(graph);
  return {
    name,
    nodes,
    inputs: [...given.values()].filter((value) => !inside.has(value.name)),
    outputs: made.filter((value) => used.has(value.name)).map((value) => ({ name: value.name, value })),
    constants: new Map([...graph.constants].filter(([constant]) => given.has(constant))),
    parameters: new Map(),
  };
}

function usedNames({ nodes, outputs }: Graph): Set<string> {
  const read = nodes.flatMap(({ inputs }) => inputs.flatMap((value) => value?.name ?? []));
  return new Set([...read, ...outputs.map(({ value }) => value.name)]);
}
