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
  const copy = new Copy(graph);
  const replaced = new Map<string, Value>();
  const current = (value: Value): Value => replaced.get(value.name) ?? value;
  let rewrites = 0;

  for (const node of graph.nodes) {
    const kept = replaced.size === 0 ? node : withInputs(node, current);
    const outputs = rewrite(kept, copy.below(kept));
    if (outputs === null) {
      copy.keep(kept);
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
  if (rewrites === 0) return { graph, rewrites };
  for (const { name, value } of graph.outputs) copy.builder.output(name, current(value));
  return { graph: copy.builder.build(), rewrites };
}

function withInputs(node: Node, current: (value: Value) => Value): Node {
  const inputs = node.inputs.map((value) => value && current(value));
  return inputs.some((value, at) => value !== node.inputs[at]) ? { ...node, inputs } : node;
}

/** The new graph. Most passes find nothing to do: it is only built from the first new node on. */
class Copy {
  readonly #graph: Graph;
  readonly #kept: Node[] = [];
  #builder: GraphBuilder | null = null;
  #scope = "";
  readonly #op: OpBuilder;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#op = new Proxy({} as OpBuilder, {
      get:
        (_, name: keyof OpBuilder) =>
        (...given: never[]): unknown =>
          this.builder.scope(this.#scope, () =>
            (this.builder.op[name] as (...given: never[]) => unknown)(...given),
          ),
    });
  }

  get builder(): GraphBuilder {
    if (this.#builder === null) {
      this.#builder = GraphBuilder.from({ ...this.#graph, nodes: [], outputs: [] });
      for (const node of this.#kept) this.#builder.adopt(node);
    }
    return this.#builder;
  }

  /** What makes nodes named below `node`. */
  below(node: Node): OpBuilder {
    this.#scope = node.name.startsWith("/") ? node.name.slice(1) : node.name;
    return this.#op;
  }

  keep(node: Node): void {
    if (this.#builder === null) this.#kept.push(node);
    else this.#builder.adopt(node);
  }
}

/** A step of `simplify`. */
export interface Pass {
  readonly name: string;
  readonly because: string;
  run(graph: Graph): Rewritten;
}
