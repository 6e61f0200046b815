/** @file What lowering must know of an execution provider: the ways in which it can run each operator. */

import type { ExecutionProvider } from "../ir/executionProvider.js";
import { viewNode, type Graph, type Node, type NodeView, type Value } from "../ir/graph.js";
import type { AbstractOpKind, OpKind, OutputsOf } from "../ir/opTable.js";
import type { OpBuilder } from "../ops/table.js";
import { nodeKey } from "./nodeKey.js";
import type { Pass } from "./rewrite.js";

/** `ints` reads a constant int64 input, such as the axes of a reduction. */
export type Lowering<K extends OpKind> = (
  op: OpBuilder,
  node: NodeView<K>,
  ints: (input: Value) => readonly number[],
) => Partial<OutputsOf<K, Value>>;

/** One way to write an operator. All candidates of a node give the same within rounding. */
export interface Candidate<K extends OpKind> {
  /** Kept in tuning caches and with runs, so it never comes to mean something else. */
  readonly name: string;
  /** Whether this way is right for the node; missing: for every node. */
  applies?(node: NodeView<K>): boolean;
  /** Whether this way is likely the fastest, going by the shapes; missing: for every node. */
  suits?(node: NodeView<K>): boolean;
  /** null: the operator stays as it is. */
  readonly lower: Lowering<K> | null;
}

export type Candidates = {
  readonly [K in AbstractOpKind]: readonly Candidate<K>[];
} & { readonly [K in Exclude<OpKind, AbstractOpKind>]?: readonly Candidate<K>[] };

export interface Target {
  readonly ep: ExecutionProvider;
  /** The first candidate that applies and suits is taken where nothing was measured. */
  readonly candidates: Candidates;
  /** Channels that lie side by side in feature maps, where lowered graphs keep them in blocks. */
  readonly block?: number;
  /** What makes the lowered graph faster, beside what makes every graph smaller. */
  readonly passes?: readonly Pass[];
  /** Why the provider cannot run the node; null: it can. `graph` tells what constants hold and who reads an output. */
  refusal(node: Node, graph: Graph): string | null;
}

/** Names of the fastest candidates that were measured, by `nodeKey`. */
export type Choices = ReadonlyMap<string, string>;

/** The candidates that are right for a node; none for an operator that is never rewritten. */
export function candidatesFor(node: Node, target: Target): readonly Candidate<OpKind>[] {
  const all = (target.candidates[node.op] ?? []) as readonly Candidate<OpKind>[];
  return all.filter((candidate) => candidate.applies?.(viewNode(node)) ?? true);
}

/** The candidate that was measured to be fastest, else the one that the shapes suggest. */
export function chooseCandidate(node: Node, target: Target, choices: Choices): Candidate<OpKind> | undefined {
  const candidates = candidatesFor(node, target);
  const chosen = choices.get(nodeKey(node));
  return (
    candidates.find(({ name }) => name === chosen) ??
    candidates.find((candidate) => candidate.suits?.(viewNode(node)) ?? true)
  );
}
