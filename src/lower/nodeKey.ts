/** @file What two nodes must share for a measurement of one to hold for the other. */

import type { Node } from "../ir/graph.js";
import { specOf } from "../ir/opTable.js";

/** Operator, types of the inputs, and the attributes that are not at their defaults, as one line of text. */
export function nodeKey({ op, inputs, attributes }: Node): string {
  const types = inputs.map((value) => (value ? `${value.dtype}[${value.shape.join(",")}]` : "-"));
  const specs = specOf(op).attributes;
  const given = Object.entries(attributes)
    .map(([name, value]) => [name, String(value)] as const)
    .filter(([name, text]) => text !== String(specs[name]?.default))
    .map(([name, text]) => `${name}=${text}`);
  return [op, ...types, ...given.sort()].join(" ");
}
