/** @file Which node of a graph a kernel computes, though the runtime's optimizer has renamed and fused. */

import type { Graph, Node, Value } from "../ir/graph.js";
import type { Kernel } from "./trace.js";

/** What a kernel may be named after, where its node was renamed: "…/Conv_token_1", "…/Relu_output_0_nchwc". */
const SEPARATOR = /[/_][^/_]*$/;

const FUSED_PREFIX = /^fused /;

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
    const node = this.#namedAfter(name.replace(FUSED_PREFIX, ""));
    if (node === null || node.op === op) return node;
    // A fused kernel goes by its last node; what it computes is, by far, the product before that.
    return this.#before(node, op, FUSED_NODES) ?? node;
  }

  /** The node, or the producer of the value, whose name is the longest beginning of `name`. */
  #namedAfter(name: string): Node | null {
    for (let rest = name.replace(SEPARATOR, ""); rest.length > 0;) {
      const found = this.#nodes.get(rest) ?? this.#producers.get(rest);
      if (found !== undefined) return found;
      const shorter = rest.replace(SEPARATOR, "");
      if (shorter === rest) return null;
      rest = shorter;
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
