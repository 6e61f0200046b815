/** @file Puts numbers in the place of named dimensions, once they are known. */

import type { Graph, Value } from "../../ir/graph.js";

/**
 * The same graph for those sizes alone. What then is static needs no shape while it runs: memory can be planned ahead,
 * and no node waits for the host.
 * @param sizes of named dimensions; others keep their name
 */
export function fixSizes(graph: Graph, sizes: Readonly<Record<string, number>>): Graph {
  const fix = <V extends Value>(value: V): V => ({
    ...value,
    shape: value.shape.map((dim) => (typeof dim === "string" ? (sizes[dim] ?? dim) : dim)),
  });
  return {
    ...graph,
    inputs: graph.inputs.map(fix),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((value) => value && fix(value)),
      outputs: node.outputs.map(fix),
    })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: fix(value) })),
  };
}
