/** @file The intermediate representation: an immutable data-flow graph, free of protobuf and of weights. */

import type { DType, Tensor } from "./dtype.js";
import {
  specOf,
  type AttributesOf,
  type AttributeValue,
  type InputsOf,
  type OpKind,
  type OutputsOf,
} from "./opTable.js";
import { showShape, type Shape } from "./shape.js";

/** A tensor that flows. Its name is unique within a graph and is its identity. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Node {
  /** Scoped like PyTorch's exporter: "/layer1/0/conv1/Conv". */
  readonly name: string;
  readonly op: OpKind;
  /** In the order of the table; null where an optional input is absent. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  /** Complete: defaults are filled in. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** How a parameter starts. `bound` and `std` are in the unit of the parameter. */
export type Initial =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "normal"; readonly std: number };

/** A graph input that belongs to the network and outlives a step. */
export interface Parameter {
  readonly value: Value;
  /** false: a running statistic, written by the forward pass and not by the optimizer. */
  readonly trainable: boolean;
  readonly initial: Initial;
}

export interface GraphOutput {
  readonly name: string;
  readonly value: Value;
}

export interface Graph {
  readonly name: string;
  /** In topological order. */
  readonly nodes: readonly Node[];
  /** All inputs, parameters among them, in the order of their declaration. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly GraphOutput[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

/** A node seen through the table: inputs and outputs by name, attributes typed. */
export interface NodeView<K extends OpKind> {
  readonly name: string;
  readonly op: K;
  readonly inputs: InputsOf<K, Value>;
  readonly outputs: OutputsOf<K, Value>;
  readonly attributes: AttributesOf<K>;
}

export function viewNode<K extends OpKind>(node: Node & { readonly op: K }): NodeView<K> {
  return {
    name: node.name,
    op: node.op,
    inputs: nameInputs(node.op, node.inputs),
    outputs: Object.fromEntries(
      Object.keys(specOf(node.op).outputs).map((name, position) => [name, node.outputs[position]]),
    ) as OutputsOf<K, Value>,
    attributes: node.attributes as AttributesOf<K>,
  };
}

/** Groups positional inputs under the names of the table; a list input takes all that remain. */
export function nameInputs<K extends OpKind, V>(op: K, inputs: readonly (V | null)[]): InputsOf<K, V> {
  const named = Object.entries(specOf(op).inputs).map(([name, type], position) => [
    name,
    type.endsWith("*") ? inputs.slice(position) : (inputs[position] ?? null),
  ]);
  return Object.fromEntries(named) as InputsOf<K, V>;
}

export function showValue(value: Value): string {
  return `${value.name} ${value.dtype} ${showShape(value.shape)}`;
}
