/** @file Which node of a graph a kernel computes, though the runtime's optimizer has renamed and fused. */

import type { Graph, Node, Value } from "../ir/graph.js";
import type { Kernel } from "./trace.js";

/** Before what the runtime adds to a name: "…/Conv_token_1", "…/Relu_output_0_nchwc", "…/MatMul/MatMulAddFusion". */
const SEPARATORS = /[/_]/g;

/** And before it: "fused …/Conv", of operator FusedConv. */
const FUSED = /^fused ?/i;

/** How far back a fused kernel is followed to the product that it begins with: BatchNormalization, Add, Relu. */
const FUSED_NODES = 4;

export class Origins {
  readonly #nodes: ReadonlyMap<string, Node>;
  /** By the name of what they compute. */
  readonly #producers: ReadonlyMap<string, Node>;

  /** @param graph null: the model cannot be read as one of ours */
  constructor(graph: Graph | null) {
    const nodes = graph?.nodes ?? [];
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#producers = new Map(nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node])));
  }

  /** null: the kernel is the runtime's own, such as a change of layout that it put in between. */
  of({ name, op }: Kernel): Node | null {
    const same = this.#nodes.get(name);
    if (same !== undefined) return same;
    const node = this.#namedAfter(name.replace(FUSED, ""));
    const main = op.replace(FUSED, "");
    if (node === null || node.op === main) return node;
    // A fused kernel goes by its last node; what it computes is, by far, the product before that.
    return this.#before(node, main, FUSED_NODES) ?? node;
  }

  /** The node, or the producer of the value, whose name is the longest beginning of `name`. */
  #namedAfter(name: string): Node | null {
    const ends = [...name.matchAll(SEPARATORS)].map(({ index }) => index).reverse();
    for (const end of [name.length, ...ends]) {
      const beginning = name.slice(0, end);
      const found = this.#nodes.get(beginning) ?? this.#producers.get(beginning);
      if (found !== undefined) return found;
    }
    return null;
  }

  #before(node: Node, op: string, most: number): Node | null {
    if (most === 0) return null;
    const inputs = node.inputs.filter((value): value is Value => value !== null);
    for (const { name } of inputs) {
      const producer = this.#producers.get(name);
      if (producer === undefined) continue;
      const found = producer.op === op ? producer : this.#before(producer, op, most - 1);
      if (found !== null) return found;
    }
    return null;
  }
}
