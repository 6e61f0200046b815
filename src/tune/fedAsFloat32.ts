/** @file Graphs of half types that take and give float32: what a session can be fed with. */

import { FLOATS } from "../ir/dtype.js";
import type { Graph, Value } from "../ir/graph.js";
import { GraphBuilder } from "../ops/builder.js";

const HALVES = FLOATS.filter((dtype) => dtype === "float16" || dtype === "bfloat16");
const isHalf = ({ dtype }: Value): boolean => (HALVES as readonly string[]).includes(dtype);

/** The same numbers, cast where they come in and go out, there under another name; a graph without half types stays as it is. */
export function fedAsFloat32(graph: Graph): Graph {
  if (![...graph.inputs, ...graph.outputs.map(({ value }) => value)].some(isHalf)) return graph;
  const builder = GraphBuilder.from({ ...graph, inputs: [], nodes: [], outputs: [] });
  const fed = new Map(
    graph.inputs.map((value) => {
      const { name, dtype, shape } = value;
      const input = builder.input(name, isHalf(value) ? "float32" : dtype, shape);
      return [name, isHalf(value) ? builder.op.cast(input, dtype) : input];
    }),
  );
  const current = (value: Value): Value => fed.get(value.name) ?? value;
  for (const node of graph.nodes)
    builder.adopt({ ...node, inputs: node.inputs.map((value) => value && current(value)) });
  for (const { name, value } of graph.outputs) {
    const found = current(value);
    if (isHalf(found)) builder.output(`${name} in float32`, builder.op.cast(found, "float32"));
    else builder.output(name, found);
  }
  return builder.build();
}
