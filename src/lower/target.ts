/** @file What lowering must know of an execution provider. */

import type { ExecutionProvider } from "../ir/executionProvider.js";
import type { NodeView, Node, Value } from "../ir/graph.js";
import type { AbstractOpKind, OutputsOf } from "../ir/opTable.js";
import type { OpBuilder } from "../ops/table.js";

export type Lowering<K extends AbstractOpKind> = (
  op: OpBuilder,
  node: NodeView<K>,
) => Partial<OutputsOf<K, Value>>;

export interface Target {
  readonly ep: ExecutionProvider;
  /** How each operator that ONNX lacks is written for this provider. */
  readonly lowerings: { readonly [K in AbstractOpKind]: Lowering<K> };
  /** Why the provider cannot run the node; null: it can. */
  refusal(node: Node): string | null;
}
