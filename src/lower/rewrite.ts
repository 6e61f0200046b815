/** @file The one way passes change a graph: node by node, from inputs to outputs, into a new graph. */

import { LoweringError } from "../errors.js";
import { showValue, type Graph, type Node, type Value } from "../ir/graph.js";
import { shapesEqual } from "../ir/shape.js";
import { GraphBuilder } from "../ops/builder.js";
import type { OpBuilder } from "../ops/table.js";

export interface Rewritten {
  readonly graph: Graph;
  readonly rewrites: number;
}

/**
 * Values to use instead of the node's outputs, or null to keep the node. The node comes with its inputs already
 * rewritten; new nodes made through `op` are named below the node they replace.
 */
export type Rewrite = (node: Node, op: OpBuilder) => readonly (Value | undefined)[] | null;

export function rewriteNodes(graph: Graph, rewrite: Rewrite): Rewritten {
  const builder = GraphBuilder.from({ ...graph, nodes: [], outputs: [] });
  const replaced = new Map<string, Value>();
  const current = (value: Value): Value => replaced.get(value.name) ?? value;
  let rewrites = 0;

  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => value && current(value));
    const changed = inputs.some((value, position) => value !== node.inputs[position]);
    const kept: Node = changed ? { ...node, inputs } : node;
    const outputs = builder.scope(node.name.replace(/^\//, ""), () => rewrite(kept, builder.op));
    if (outputs === null) {
      builder.adopt(kept);
      continue;
    }
    rewrites++;
    node.outputs.forEach((value, position) => {
      const other = outputs[position];
      if (other === undefined) return;
      if (other.dtype !== value.dtype || !shapesEqual(other.shape, value.shape)) {
        throw new LoweringError(
          `${node.name}: was ${showValue(value)}, its rewrite gives ${showValue(other)}`,
        );
      }
      replaced.set(value.name, other);
    });
  }
  for (const { name, value } of graph.outputs) builder.output(name, current(value));
  return { graph: builder.build(), rewrites };
}

/** A step of `simplify`. */
export interface Pass {
  readonly name: string;
  readonly because: string;
  run(graph: Graph): Rewritten;
}
