/** @file Computes equal nodes once. Every operator of the table is a pure function, so equal inputs suffice. */

import type { Tensor } from "../../ir/dtype.js";
import type { Graph, Value } from "../../ir/graph.js";
import { rewriteNodes, type Pass } from "../rewrite.js";

/** Attributes and constants are never changed, and most live through many passes. */
const texts = new WeakMap<object, string>();

function textOf<T extends object>(of: T, write: (of: T) => string): string {
  const known = texts.get(of);
  if (known !== undefined) return known;
  const text = write(of);
  texts.set(of, text);
  return text;
}

const showTensor = ({ dtype, shape, data }: Tensor): string =>
  `${dtype}[${shape.join(",")}](${Array.from(data, String).join(",")})`;

export const shareSubexpressions: Pass = {
  name: "shareSubexpressions",
  because: "gradient rules recompute what the forward pass or another rule has already",
  run(graph: Graph) {
    const known = new Map<string, readonly Value[]>();
    // Constants of many numbers have names of their own: what they hold is what counts.
    const nameOf = (value: Value | null): string => {
      const tensor = value && graph.constants.get(value.name);
      return tensor ? textOf(tensor, showTensor) : (value?.name ?? "");
    };
    return rewriteNodes(graph, ({ op, inputs, outputs, attributes }) => {
      const key = `${op} ${inputs.map(nameOf).join("\n")} ${textOf(attributes, JSON.stringify)}`;
      const same = known.get(key);
      if (same === undefined) known.set(key, outputs);
      return same ?? null;
    });
  },
};
