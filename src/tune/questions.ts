/** @file What can be asked of a machine about a graph: which of several ways is the fastest for a node. */

import { nodeFlops } from "../ir/cost.js";
import type { Graph, Node } from "../ir/graph.js";
import { nodeKey } from "../lower/nodeKey.js";
import { candidatesFor, chooseCandidate, type Choices, type Target } from "../lower/target.js";
import type { Ways } from "./answers.js";
import { oneNodeGraph } from "./oneNodeGraph.js";

/** Its ways are the candidates of lowering, two or more. */
export interface Question extends Ways {
  /** `nodeKey` of the nodes that it is asked for. */
  readonly key: string;
  /** One of them, on its own. */
  readonly graph: Graph;
  /** Nodes in all graphs. */
  readonly count: number;
  /** Of one node. */
  readonly flops: number;
}

const NOTHING_MEASURED: Choices = new Map();
/** What a session can be fed with, or a Cast can make of it. */
const FED = ["float32", "float16", "bfloat16", "int64", "uint8"];

/**
 * The questions of some graphs, those first that most arithmetic hangs on.
 * @param graphs not lowered
 */
export function questionsOf(graphs: Iterable<Graph>, target: Target): Question[] {
  const questions = new Map<string, Question>();
  for (const graph of graphs) {
    for (const node of graph.nodes.filter((one) => isMeasurable(one))) {
      const candidates = candidatesFor(node, target).map(({ name }) => name);
      if (candidates.length < 2) continue;
      const key = nodeKey(node);
      const { count, ...known } = questions.get(key) ?? {
        key,
        graph: oneNodeGraph(node, graph),
        candidates,
        suggested: chooseCandidate(node, target, NOTHING_MEASURED)!.name,
        flops: nodeFlops(node, {}),
        count: 0,
      };
      questions.set(key, { ...known, count: count + 1 });
    }
  }
  return [...questions.values()].sort((a, b) => b.flops * b.count - a.flops * a.count);
}

/** A value of an open size, or of a type that cannot be fed, leaves the choice to the shapes. */
function isMeasurable({ inputs, outputs }: Node): boolean {
  return [...inputs, ...outputs].every(
    (value) =>
      value === null || (FED.includes(value.dtype) && value.shape.every((dim) => typeof dim === "number")),
  );
}
