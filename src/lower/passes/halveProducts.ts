/** @file Convolutions and matrix products of a network in a half type, as PyTorch's autocast has them. */

import type { DType } from "../../ir/dtype.js";
import { viewNode, type Graph, type Node, type NodeView, type Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import type { OpBuilder } from "../../ops/table.js";
import { isPointwise } from "../lowerings/pointwise.js";
import { rewriteNodes } from "../rewrite.js";

export type HalfType = Extract<DType, "float16" | "bfloat16">;

/** Similarities and loss stay in float32: they decide between rows that differ in their last digits. */
const OBJECTIVE = /^\/(grad\/)?objective\//;

/** The product with other inputs. */
type Remake<K extends OpKind> = (op: OpBuilder, node: NodeView<K>, half: (x: Value) => Value) => Value;
const products: { readonly [K in OpKind]?: Remake<K> } = {
  Conv: (op, { inputs: { X, W, B }, attributes }, half) =>
    op.conv(half(X), half(W), attributes, B && half(B)),
  ConvInputGradient: (op, { inputs: { dY, W }, attributes }, half) =>
    op.convInputGradient(half(dY), half(W), attributes),
  ConvWeightGradient: (op, { inputs: { dY, X }, attributes }, half) =>
    op.convWeightGradient(half(dY), half(X), attributes),
  MatMul: (op, { inputs: { A, B } }, half) => op.matMul(half(A), half(B)),
  Gemm: (op, { inputs: { A, B, C }, attributes }, half) =>
    op.gemm(half(A), half(B), C && half(C), attributes),
};

/** Providers convolve float16 and not bfloat16, of which they have products alone. */
function isProductIn(type: HalfType, node: Node): boolean {
  if (!(node.op in products) || OBJECTIVE.test(node.name)) return false;
  if (type === "float16") return true;
  if (node.op === "Conv") return isPointwise(viewNode({ ...node, op: node.op }));
  if (node.op === "ConvInputGradient") return isPointwise(viewNode({ ...node, op: node.op }));
  return true;
}

/**
 * Inputs of products are rounded to `type`, their results are float32 again; all between stays float32.
 * @param graph not lowered; its gradients are built
 */
export function halveProducts(graph: Graph, type: HalfType): Graph {
  return rewriteNodes(graph, (node, op) => {
    if (node.outputs[0]?.dtype !== "float32" || !isProductIn(type, node)) return null;
    const remake = products[node.op] as Remake<OpKind>;
    const product = remake(op, viewNode(node), (x) => op.cast(x, type));
    return [op.cast(product, "float32")];
  }).graph;
}
