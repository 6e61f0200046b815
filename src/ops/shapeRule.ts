/** @file What a shape rule sees, and the total table type of shape rules. */

import type { Value } from "../ir/graph.js";
import type { AttributesOf, InputsOf, OpKind, OutputsOf } from "../ir/opTable.js";
import type { Shape } from "../ir/shape.js";

export interface ShapeContext<K extends OpKind> {
  /** "/layer1/0/conv1/Conv": begins every message. */
  readonly where: string;
  readonly inputs: InputsOf<K, Value>;
  readonly attributes: AttributesOf<K>;
  /** Numbers of a constant int64 input. @throws ShapeError when they are not known while building */
  ints(input: Value): readonly number[];
  /** Dimensions that an int64 input holds: a constant, the output of Shape, or what Gather takes of it. @throws ShapeError likewise */
  dims(input: Value): Shape;
  /** @throws ShapeError "where: message" */
  fail(message: string): never;
}

export type ShapeRule<K extends OpKind> = (ctx: ShapeContext<K>) => OutputsOf<K, Shape>;
export type ShapeRules<K extends OpKind = OpKind> = { readonly [P in K]: ShapeRule<P> };
