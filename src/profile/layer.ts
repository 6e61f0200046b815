/** @file What part of a network a node belongs to, and to which pass through it, from its scoped name. */

import type { Graph, Node } from "../ir/graph.js";

/** Which way numbers flow. */
export const PASSES = ["forward", "input gradient", "weight gradient", "other"] as const;
export type Pass = (typeof PASSES)[number];

export interface Place {
  /** As PyTorch names modules, such as "layer1.0.conv1"; for what is no module, what it is for. */
  readonly layer: string;
  readonly pass: Pass;
}

const GRADIENT = "/grad/";
/** Scopes of graphs/: those of the optimizers hold one scope for each parameter. */
const OTHERS: Readonly<Record<string, string>> = {
  sgd: "optimizer",
  adamw: "optimizer",
  lars: "optimizer",
  accumulate: "gradient sum",
};

const CONVOLUTIONS: readonly string[] = ["Conv", "ConvTranspose", "BlockedConv"];
/** Operators by which a weight comes in another order. */
const REARRANGING: readonly string[] = [
  "Transpose",
  "Reshape",
  "Gather",
  "Slice",
  "Concat",
  "Pad",
  "ReorderInput",
];

/** "/grad/layer1/0/conv1/Conv/ConvWeightGradient/Gemm" is of "layer1.0.conv1": scopes are written small, operators large. */
export function layerOf(name: string): string {
  const path = (name.startsWith(GRADIENT) ? name.slice(GRADIENT.length) : name).split("/").filter(Boolean);
  const scopes = path.slice(0, -1);
  const other = OTHERS[scopes[0] ?? ""];
  if (other !== undefined) return other;
  if (scopes[0] === "objective") return scopes[1] === "bank" ? "bank update" : "objective";
  const end = scopes.findIndex((scope) => /^\p{Lu}/u.test(scope));
  const modules = end < 0 ? scopes : scopes.slice(0, end);
  return modules.length > 0 ? modules.join(".") : (path[0] ?? name).replace(/_\d+$/, "");
}

/** The places of all nodes of a graph, by the nodes' names. */
export function placesOf({ nodes, parameters }: Pick<Graph, "nodes" | "parameters">): Map<string, Place> {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node])));
  const layers = new Map(
    nodes.map((node) => [node.name, layerOfWeight(node, producers, parameters) ?? layerOf(node.name)]),
  );
  const handedOn = gradientsHandedOn(nodes, layers);
  return new Map(
    nodes.map(({ name }) => {
      const layer = layers.get(name)!;
      return [name, { layer, pass: passOf(name, layer, handedOn) }];
    }),
  );
}

/**
 * The layer whose weight a convolution reads: lowering may have added to it what comes after, and named it after that.
 * null: it is no convolution, or reads no weight.
 */
function layerOfWeight(
  { op, inputs }: Node,
  producers: ReadonlyMap<string, Node>,
  parameters: Graph["parameters"],
): string | null {
  let value = CONVOLUTIONS.includes(op) ? inputs[1] : null;
  while (value && !parameters.has(value.name)) {
    const producer = producers.get(value.name);
    value = producer && REARRANGING.includes(producer.op) ? producer.inputs[0] : null;
  }
  return value ? value.name.replace(/\.[^.]*$/, "") : null;
}

function passOf(name: string, layer: string, handedOn: ReadonlySet<string>): Pass {
  if (name.startsWith(GRADIENT)) return handedOn.has(name) ? "input gradient" : "weight gradient";
  return Object.values(OTHERS).includes(layer) || layer === "bank update" ? "other" : "forward";
}

/** Names of the gradient nodes that another layer's gradient needs; the rest is for the layer's own weights. */
function gradientsHandedOn(nodes: readonly Node[], layers: ReadonlyMap<string, string>): Set<string> {
  /** By the name of a value, the gradient nodes that read it. */
  const readers = new Map<string, Node[]>();
  const handedOn = new Set<string>();
  for (const node of [...nodes].reverse()) {
    if (!node.name.startsWith(GRADIENT)) continue;
    const isHandedOn = node.outputs
      .flatMap((value) => readers.get(value.name) ?? [])
      .some(({ name }) => layers.get(name) !== layers.get(node.name) || handedOn.has(name));
    if (isHandedOn) handedOn.add(node.name);
    for (const value of node.inputs)
      if (value !== null) readers.set(value.name, [...(readers.get(value.name) ?? []), node]);
  }
  return handedOn;
}
