/** @file Gives the values that leave a graph the names of its outputs, as ONNX wants them. */

import type { Graph, Node, Value } from "../../ir/graph.js";
import { GraphBuilder } from "../../ops/builder.js";

/**
 * Renames produced values; a value that is an input, a constant or an output already is copied by an Identity,
 * since it can bear one name only.
 */
export function nameOutputs(graph: Graph): Graph {
  const produced = new Set(graph.nodes.flatMap((node) => node.outputs.map((value) => value.name)));
  const renamed = new Map<string, Value>();
  for (const { name, value } of graph.outputs) {
    if (produced.has(value.name) && !renamed.has(value.name)) renamed.set(value.name, { ...value, name });
  }
  const current = (value: Value): Value => renamed.get(value.name) ?? value;
  const nodes = graph.nodes.map((node): Node => ({
    ...node,
    inputs: node.inputs.map((value) => value && current(value)),
    outputs: node.outputs.map(current),
  }));
  const builder = GraphBuilder.from({ ...graph, nodes, outputs: [] });
  const outputs = graph.outputs.map(({ name, value }) => {
    const own = current(value);
    return { name, value: own.name === name ? own : builder.op.identity(own) };
  });
  for (const { name, value } of outputs) builder.output(name, value);
  const named = builder.build();
  return outputs.every(({ name, value }) => value.name === name) ? named : nameOutputs(named);
}
