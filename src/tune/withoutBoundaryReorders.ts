/** @file A node as it is timed: what its neighbours in the whole graph would share with it is left out. */

import type { Graph } from "../ir/graph.js";

/**
 * The graph without the changes of layout at its ends: where neighbours keep the layout too, they cancel.
 * @param graph lowered from one node
 */
export function withoutBoundaryReorders(graph: Graph): Graph {
  // Portable candidates change no layout.
  return graph;
}
