/** @file What lowering must know of an execution provider. */

import type { ExecutionProvider } from "../ir/executionProvider.js";
import type { NodeView, Node, Value } from "../ir/graph.js";
import type { AbstractOpKind, OpKind, OutputsOf } from "../ir/opTable.js";
import type { OpBuilder } from "../ops/table.js";

/** `ints` reads a constant int64 input, such as the axes of a reduction. */
export type Lowering<K extends OpKind> = (
  op: OpBuilder,
  node: NodeView<K>,
  ints: (input: Value) => readonly number[],
) => Partial<OutputsOf<K, Value>>;

export interface Target {
  readonly ep: ExecutionProvider;
  /** How each operator that ONNX lacks is written for this provider. */
  readonly lowerings: { readonly [K in AbstractOpKind]: Lowering<K> };
  /** ONNX operators that the provider runs better when written in others. */
  readonly preferences: { readonly [K in Exclude<OpKind, AbstractOpKind>]?: Lowering<K> };
  /** Why the provider cannot run the node; null: it can. */
  refusal(node: Node): string | null;
}
