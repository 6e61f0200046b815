/** @file From the kernels of some runs to times: of each node, and of whatever nodes are grouped by. */

import { nodeBytes, nodeFlops, type Sizes } from "../ir/cost.js";
import type { Graph, Node } from "../ir/graph.js";
import { layerOf, placesOf, type Pass } from "./layer.js";
import { Origins } from "./origin.js";
import type { Kernel, TracedRun } from "./trace.js";

/** Layer of what the runtime computes for itself. */
export const RUNTIME_LAYER = "(runtime's own)";

export interface NodeTime {
  /** As the runtime names the kernel's node. */
  readonly name: string;
  readonly op: string;
  readonly layer: string;
  readonly pass: Pass;
  readonly shapes: string;
  /** In one run. */
  readonly calls: number;
  /** Of all calls of a run; the least of the runs, which other work on the machine disturbed the least. */
  readonly ms: number;
  /** Of all calls of a run. Padding that the runtime adds is no work. */
  readonly flops: number;
  readonly bytes: number;
}

/** What the machine does at best. */
export interface Ceilings {
  /** Floating-point operations a second, in units of 10⁹. */
  readonly gflopPerSecond: number;
  /** Bytes read and written a second, in units of 10⁹. */
  readonly gbPerSecond: number;
}

/** Some nodes together. */
export interface Line {
  readonly name: string;
  readonly nodes: readonly NodeTime[];
  readonly calls: number;
  readonly ms: number;
  readonly flops: number;
  readonly bytes: number;
  /** Time of these nodes at the ceilings, each bound by arithmetic or by memory. */
  readonly idealMs: number;
}

/**
 * Times of all nodes, in the order in which they run.
 * @param runs one or more, of the same session
 * @param graph null: the model cannot be read as one of ours; layers then come from the names alone
 * @param sizes of named dimensions
 */
export function nodeTimes(runs: readonly TracedRun[], graph: Graph | null, sizes: Sizes): NodeTime[] {
  const origins = new Origins(graph);
  const places = graph === null ? null : placesOf(graph);
  const byName = new Map<string, { kernel: Kernel; calls: number; ms: number[] }>();
  runs.forEach(({ kernels }, run) => {
    for (const kernel of kernels) {
      const known = byName.get(kernel.name) ?? { kernel, calls: 0, ms: runs.map(() => 0) };
      known.ms[run]! += kernel.ms;
      known.calls += 1 / runs.length;
      byName.set(kernel.name, known);
    }
  });
  return [...byName.values()].map(({ kernel, calls, ms }) => {
    const node = origins.of(kernel);
    const place = node && places ? places.get(node.name)! : placeByName(kernel, graph);
    return {
      name: kernel.name,
      op: operatorOf(kernel, node),
      ...place,
      shapes: kernel.shapes,
      calls,
      ms: Math.min(...ms),
      flops: calls * (node ? nodeFlops(node, sizes) : 0),
      bytes: calls * (node ? nodeBytes(node, sizes) : kernel.bytes),
    };
  });
}

function placeByName({ name }: Kernel, graph: Graph | null): { layer: string; pass: Pass } {
  if (graph === null) return { layer: layerOf(name), pass: "forward" };
  return { layer: RUNTIME_LAYER, pass: "other" };
}

/** A convolution in the runtime's blocked layout is another kernel than the plain one. */
function operatorOf({ name, op }: Kernel, node: Node | null): string {
  return name.endsWith("_nchwc") || node?.op.startsWith("Blocked") ? `${op}, blocked` : op;
}

/** The nodes that `keyOf` puts together, the slowest line first. */
export function groupNodes(
  nodes: readonly NodeTime[],
  keyOf: (node: NodeTime) => string,
  ceilings: Ceilings,
): Line[] {
  const groups = new Map<string, NodeTime[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return [...groups].map(([name, group]) => sumOf(name, group, ceilings)).sort((a, b) => b.ms - a.ms);
}

export function sumOf(name: string, nodes: readonly NodeTime[], ceilings: Ceilings): Line {
  const sum = (pick: (node: NodeTime) => number) => nodes.reduce((total, node) => total + pick(node), 0);
  return {
    name,
    nodes,
    calls: sum(({ calls }) => calls),
    ms: sum(({ ms }) => ms),
    flops: sum(({ flops }) => flops),
    bytes: sum(({ bytes }) => bytes),
    idealMs: sum((node) => idealMs(node, ceilings)),
  };
}

function idealMs({ flops, bytes }: NodeTime, { gflopPerSecond, gbPerSecond }: Ceilings): number {
  return Math.max(flops / gflopPerSecond, bytes / gbPerSecond) / 1e6;
}
