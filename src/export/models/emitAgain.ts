/** @file Adds a node of one graph to the builder of another, with other inputs. */

import { nameInputs, type Node, type Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import type { GraphBuilder } from "../../ops/builder.js";

/**
 * Dtypes and shapes are inferred anew; scope and operator give the name.
 * @returns what stands for each output of `node`, by its name there
 */
export function emitAgain(
  builder: GraphBuilder,
  node: Node,
  inputs: readonly (Value | null)[],
): [name: string, value: Value][] {
  const scope = node.name.split("/").slice(1, -1).join("/");
  const emit = () =>
    builder.emit<OpKind>(node.op, nameInputs<OpKind, Value>(node.op, inputs), node.attributes);
  const outputs = Object.values<Value>(scope === "" ? emit() : builder.scope(scope, emit));
  return node.outputs.map(({ name }, position) => [name, outputs[position]!]);
}
