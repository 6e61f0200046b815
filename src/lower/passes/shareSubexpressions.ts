/** @file Computes equal nodes once. Every operator of the table is a pure function, so equal inputs suffice. */

import type { Graph, Value } from "../../ir/graph.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

/** What constants hold, as text: those of many numbers have names of their own. */
function constantContents({ constants }: Graph): Map<string, string> {
  return new Map(
    [...constants].map(([name, { dtype, shape, data }]) => [
      name,
      `${dtype}[${shape.join(",")}](${Array.from(data, String).join(",")})`,
    ]),
  );
}

export const shareSubexpressions: Pass = {
  name: "shareSubexpressions",
  because: "gradient rules recompute what the forward pass or another rule has already",
  run(graph: Graph) {
    const known = new Map<string, readonly Value[]>();
    const contents = constantContents(graph);
    return rewriteNodes(graph, (node) => {
      const inputs = node.inputs.map((value) => (value ? (contents.get(value.name) ?? value.name) : ""));
      const key = JSON.stringify([node.op, inputs, node.attributes]);
      const outputs = known.get(key);
      if (outputs === undefined) known.set(key, node.outputs);
      return outputs ?? null;
    });
  },
};
