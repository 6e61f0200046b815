/** @file Computes equal nodes once. Every operator of the table is a pure function, so equal inputs suffice. */

import type { Graph, Value } from "../../ir/graph.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

export const shareSubexpressions: Pass = {
  name: "shareSubexpressions",
  because: "gradient rules recompute what the forward pass or another rule has already",
  run(graph: Graph) {
    const known = new Map<string, readonly Value[]>();
    return rewriteNodes(graph, (node) => {
      const inputs = node.inputs.map((value) => value?.name ?? "");
      const key = JSON.stringify([node.op, inputs, node.attributes]);
      const outputs = known.get(key);
      if (outputs === undefined) known.set(key, node.outputs);
      return outputs ?? null;
    });
  },
};
