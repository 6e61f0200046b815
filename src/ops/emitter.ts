/** @file What the operator families need of a builder: to add one checked node, or a constant. */

import type { Tensor } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { AttributesFor, InputsOf, OpKind, OutputsOf } from "../ir/opTable.js";

export interface Emitter {
  /**
   * Adds a node and returns its outputs by name.
   * @throws ShapeError or GraphError naming the node, what was found and what was expected
   */
  emit<K extends OpKind>(
    op: K,
    inputs: InputsOf<K, Value>,
    attributes: AttributesFor<K>,
  ): OutputsOf<K, Value>;
  /** A constant; equal ones are shared. */
  constant(tensor: Tensor): Value;
  /** An int64 constant [length]. */
  ints(values: readonly number[]): Value;
}
