/** @file Drops nodes and constants that no output needs. Inputs stay: they are the graph's contract. */

import type { Graph, Node } from "../../ir/graph.js";
import type { Pass } from "../rewrite.js";

export const removeDeadNodes: Pass = {
  name: "removeDeadNodes",
  because: "rewrites leave behind what they replaced",
  run(graph: Graph) {
    const needed = new Set(graph.outputs.map(({ value }) => value.name));
    const alive: Node[] = [];
    for (const node of [...graph.nodes].reverse()) {
      if (!node.outputs.some((value) => needed.has(value.name))) continue;
      alive.push(node);
      for (const value of node.inputs) if (value) needed.add(value.name);
    }
    const constants = new Map([...graph.constants].filter(([name]) => needed.has(name)));
    const rewrites = graph.nodes.length - alive.length;
    return { graph: { ...graph, nodes: alive.reverse(), constants }, rewrites };
  },
};
