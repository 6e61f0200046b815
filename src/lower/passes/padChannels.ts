/** @file Channels of zeros for convolutions whose number of channels WebGPU's kernel gets wrong. */

import { viewNode, type Graph, type Node, type NodeView, type Value } from "../../ir/graph.js";
import { isPointwise } from "../lowerings/pointwise.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

const isConv = (node: Node): node is Node & { readonly op: "Conv" } => node.op === "Conv";

/** Where four filters are computed at once, channels are read by three; right are three alone, as of a picture. */
function mixesChannels(node: NodeView<"Conv">): boolean {
  const { X, W } = node.inputs;
  const [filters, channels] = [W.shape[0] as number, X.shape[1] as number];
  const byThree = channels % 3 === 0 && channels % 4 !== 0 && channels > 3;
  return node.attributes.group === 1 && filters % 4 === 0 && byThree && !isPointwise(node);
}

export const padChannels: Pass = {
  name: "padChannels",
  because:
    "webgpu, onnxruntime 1.29: Conv gives wrong numbers, in silence, for 6, 9, 15, … channels (multiples of 3, not of 4) " +
    "and 4, 8, … filters; microsoft/onnxruntime issue 29651",
  run(graph: Graph) {
    return rewriteNodes(graph, (node, op) => {
      if (!isConv(node)) return null;
      const view = viewNode(node);
      if (!mixesChannels(view)) return null;
      const { X, W, B } = view.inputs;
      const missing = 4 - ((X.shape[1] as number) % 4);
      const padded = (value: Value) => op.pad(value, [0, 0, 0, 0, 0, missing, 0, 0]);
      return [op.conv(padded(X), padded(W), node.attributes, B)];
    });
  },
};
