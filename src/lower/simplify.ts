/** @file Runs the passes that make a graph smaller, until none finds anything. */

import type { Graph } from "../ir/graph.js";
import { foldConstants } from "./passes/foldConstants.js";
import { removeDeadNodes } from "./passes/removeDeadNodes.js";
import { removeIdentities } from "./passes/removeIdentities.js";
import { shareSubexpressions } from "./passes/shareSubexpressions.js";
import type { Pass } from "./rewrite.js";

const PASSES: readonly Pass[] = [foldConstants, removeIdentities, shareSubexpressions, removeDeadNodes];

/**
 * An equivalent graph without dead, constant, repeated or idle nodes. Names of inputs and outputs stay.
 * @param others passes that run beside those
 */
export function simplify(graph: Graph, others: readonly Pass[] = []): Graph {
  const passes = [...PASSES, ...others];
  for (let at = 0, idle = 0; idle < passes.length; at = (at + 1) % passes.length) {
    const result = passes[at]!.run(graph);
    graph = result.graph;
    idle = result.rewrites === 0 ? idle + 1 : 0;
  }
  return graph;
}
