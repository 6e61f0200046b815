/** @file From the operators of the table to those that a target's ONNX Runtime has. */

import { LoweringError } from "../errors.js";
import { viewNode, type Graph, type Node, type Value } from "../ir/graph.js";
import { isAbstract, specOf } from "../ir/opTable.js";
import { nameOutputs } from "./passes/nameOutputs.js";
import { rewriteNodes } from "./rewrite.js";
import { simplify } from "./simplify.js";
import { chooseCandidate, type Choices, type Target } from "./target.js";

const NOTHING_MEASURED: Choices = new Map();

/**
 * An equivalent, simplified graph of ONNX operators, its outputs named: ready for the codec.
 * @param choices what was measured on the machine at hand
 * @throws LoweringError listing every node that the target cannot run, with the reason
 */
export function lower(graph: Graph, target: Target, choices: Choices = NOTHING_MEASURED): Graph {
  const simple = simplify(graph);
  // Shape rules saw to it that these inputs are constants.
  const ints = ({ name }: Value) => Array.from(simple.constants.get(name)!.data);
  const { graph: concrete } = rewriteNodes(simple, (node, op) => {
    if (isAbstract(node.op)) checkStatic(node);
    const lowering = chooseCandidate(node, target, choices)?.lower;
    if (!lowering) return null;
    const outputs = lowering(op, viewNode(node), ints) as Readonly<Record<string, Value | undefined>>;
    return Object.keys(specOf(node.op).outputs).map((name) => outputs[name]);
  });
  const lowered = simplify(concrete, target.passes);
  const refusals = lowered.nodes.flatMap((node) => {
    const reason = target.refusal(node, lowered);
    return reason === null ? [] : [`${node.name} (${node.op}): ${reason}`];
  });
  if (refusals.length > 0)
    throw new LoweringError(`lower ${graph.name} for ${target.ep}: ${refusals.join("; ")}`);
  return nameOutputs(lowered);
}

/** Gradients are cut to measure, so every size must be known. */
function checkStatic(node: Node): void {
  const named = node.inputs.find((value) => value?.shape.some((dim) => typeof dim === "string"));
  if (named) {
    throw new LoweringError(
      `${node.name} (${node.op}): input ${named.name} is [${named.shape.join(", ")}], expected sizes; build the training graph with a fixed batch size`,
    );
  }
}
