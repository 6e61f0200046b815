/**
 * @file Merges each BatchNormalization into the convolution before it. Both are linear, so
 *
 *     γ·(W∗x + b − μ)/√(σ² + ε) + β  =  (s·W)∗x + (b − μ)·s + β,   s = γ/√(σ² + ε), one for each filter.
 *
 * Done before weights are rounded, it saves the rounding of four more tensors, and half precision never meets σ² + ε.
 * Products are computed in float64 and rounded once.
 */

import { viewNode, type Node, type NodeView } from "../../ir/graph.js";
import { asFloat32, fromFloat32, type RawTensor } from "../../ir/rawTensor.js";
import { countUses, weightOf, type BoundGraph } from "./boundGraph.js";

type Convolution = Node & { readonly op: "Conv" };
type Normalization = Node & { readonly op: "BatchNormalization" };

const isConvolution = (node: Node): node is Convolution => node.op === "Conv";
const isNormalization = (node: Node): node is Normalization => node.op === "BatchNormalization";

/** The same function with fewer nodes. A normalization whose convolution is read elsewhere stays. */
export function foldNormalization({ graph, tensors }: BoundGraph): BoundGraph {
  const uses = countUses(graph);
  const usedOnce = (name: string): boolean => uses.get(name) === 1;
  const makers = new Map(
    graph.nodes.filter(isConvolution).map((node) => [node.outputs[0]!.name, node] as const),
  );
  const folded = new Map(tensors);
  const merged = new Set<Node>();
  const nodes = graph.nodes.map((node): Node => {
    if (!isNormalization(node)) return node;
    const conv = makers.get(node.inputs[0]!.name);
    if (conv === undefined || !usedOnce(conv.outputs[0]!.name) || !usedOnce(conv.inputs[1]!.name))
      return node;
    const weights = foldWeights(viewNode(conv), viewNode(node), tensors);
    if (weights === null) return node;
    const [x, filters] = conv.inputs;
    // The bias has the shape of β, and takes its place and name.
    const beta = node.inputs[2]!;
    folded.set(filters!.name, weights.filters).set(beta.name, weights.bias);
    merged.add(conv);
    return { ...conv, inputs: [x!, filters!, beta], outputs: node.outputs };
  });
  return { graph: { ...graph, nodes: nodes.filter((node) => !merged.has(node)) }, tensors: folded };
}

/** null: some of the tensors are not bound, or not float32. */
function foldWeights(
  { inputs: { W, B } }: NodeView<"Conv">,
  { inputs, attributes: { epsilon } }: NodeView<"BatchNormalization">,
  tensors: BoundGraph["tensors"],
): { readonly filters: RawTensor; readonly bias: RawTensor } | null {
  const numbers = (value: typeof B): Float32Array | null => {
    const tensor = weightOf(tensors, value);
    return tensor && asFloat32(tensor, value!.name);
  };
  const [weights, gamma, beta, mean, variance] = [W, inputs.scale, inputs.B, inputs.mean, inputs.var].map(
    numbers,
  );
  const own = B === null ? new Float32Array(W.shape[0] as number) : numbers(B);
  if (!weights || !gamma || !beta || !mean || !variance || !own) return null;
  const scale = Array.from(gamma, (factor, filter) => factor / Math.sqrt(variance[filter]! + epsilon));
  const perFilter = weights.length / scale.length;
  const filters = weights.map((weight, at) => weight * scale[Math.floor(at / perFilter)]!);
  const bias = beta.map((shift, filter) => (own[filter]! - mean[filter]!) * scale[filter]! + shift);
  return {
    filters: fromFloat32(filters, W.shape as readonly number[]),
    bias: fromFloat32(bias, [bias.length]),
  };
}
