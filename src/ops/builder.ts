/** @file Builds graphs. Every node is checked when it is added, so a finished graph needs no second look. */

import { GraphError, ShapeError } from "../errors.js";
import type { DType, Tensor } from "../ir/dtype.js";
import {
  nameInputs,
  showValue,
  type Graph,
  type GraphOutput,
  type Initial,
  type Node,
  type Parameter,
  type Value,
} from "../ir/graph.js";
import { specOf, type AttributesFor, type InputsOf, type OpKind, type OutputsOf } from "../ir/opTable.js";
import { elementCount, shapesEqual, showShape, type Shape } from "../ir/shape.js";
import { completeAttributes, inferDtypes } from "./check.js";
import type { Emitter } from "./emitter.js";
import { createOps, shapeRules, type OpBuilder } from "./table.js";
import type { ShapeContext, ShapeRule } from "./shapeRule.js";

/** Constants up to this many elements are named by what they hold, so that equal ones are shared. */
const NAMED_BY_CONTENT = 16;

export class GraphBuilder {
  /** One function for each operator, and the compositions built of them. */
  readonly op: OpBuilder;

  readonly #name: string;
  readonly #nodes: Node[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: GraphOutput[] = [];
  readonly #constants = new Map<string, Tensor>();
  readonly #parameters = new Map<string, Parameter>();
  readonly #values = new Map<string, Value>();
  /** What int64 values hold, where that is known while building. */
  readonly #contents = new Map<string, Shape>();
  readonly #nodeNames = new Set<string>();
  /** Where to go on counting, for each name that is taken. */
  readonly #nextCounts = new Map<string, number>();
  #scope: readonly string[] = [];

  constructor(name: string) {
    this.#name = name;
    const emitter: Emitter = {
      emit: (op, inputs, attributes) => this.emit(op, inputs, attributes),
      constant: (tensor) => this.constant(tensor),
      ints: (values) => this.constant({ dtype: "int64", shape: [values.length], data: values }),
    };
    this.op = createOps(emitter);
  }

  /** A builder that goes on where `graph` ends: its values keep their names. */
  static from(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder(graph.name);
    for (const [name, tensor] of graph.constants) builder.#addConstant(name, tensor);
    for (const value of graph.inputs) builder.#inputs.push(builder.#declare(value));
    for (const [name, parameter] of graph.parameters) builder.#parameters.set(name, parameter);
    for (const node of graph.nodes) builder.adopt(node);
    for (const { name, value } of graph.outputs) builder.output(name, value);
    return builder;
  }

  /** Names inside `body` are prefixed by `name`; scopes nest. */
  scope<T>(name: string, body: () => T): T {
    const outer = this.#scope;
    this.#scope = [...outer, name];
    try {
      return body();
    } finally {
      this.#scope = outer;
    }
  }

  /** @throws GraphError when the name is taken */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.#declare({ name, dtype, shape });
    this.#inputs.push(value);
    return value;
  }

  /** A float32 input that outlives a step, named by the scopes as PyTorch does: "layer1.0.conv1.weight". */
  parameter(name: string, shape: readonly number[], initial: Initial, trainable = true): Value {
    const value = this.input([...this.#scope, name].join("."), "float32", shape);
    this.#parameters.set(value.name, { value, trainable, initial });
    return value;
  }

  constant(tensor: Tensor): Value {
    const { dtype, shape, data } = tensor;
    if (data.length !== elementCount(shape)) {
      throw new ShapeError(
        `constant: holds ${data.length} numbers, expected ${elementCount(shape)} for ${showShape(shape)}`,
      );
    }
    if (data.length > NAMED_BY_CONTENT) return this.#addConstant(this.#freshName("constant"), tensor);
    const numbers = Array.from(data, (number) => (Object.is(number, -0) ? "-0" : String(number)));
    const name = `${dtype}${shape.length > 0 ? `[${shape.join(",")}]` : ""}(${numbers.join(",")})`;
    return this.#values.get(name) ?? this.#addConstant(name, tensor);
  }

  /** @throws GraphError when the name is taken, or the value is not of this graph */
  output(name: string, value: Value): void {
    if (!this.#owns(value)) {
      throw new GraphError(
        `output ${name}: value ${showValue(value)} is not of graph ${this.#name}; pass a value that this builder made`,
      );
    }
    if (this.#outputs.some((output) => output.name === name))
      throw new GraphError(`output ${name}: the name is taken; choose another`);
    this.#outputs.push({ name, value });
  }

  /** The value of that name. @throws GraphError when there is none */
  value(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new GraphError(`graph ${this.#name}: has no value "${name}"`);
    return value;
  }

  emit<K extends OpKind>(
    op: K,
    inputs: InputsOf<K, Value>,
    attributes: AttributesFor<K>,
  ): OutputsOf<K, Value> {
    const named = inputs as Readonly<Record<string, Value | null | readonly Value[]>>;
    const list = Object.keys(specOf(op).inputs).flatMap(
      (name): readonly (Value | null)[] | Value | null => named[name] ?? null,
    );
    const where = this.#freshName(op);
    const node = this.#check(where, op, list, attributes);
    this.adopt(node);
    return Object.fromEntries(
      Object.keys(specOf(op).outputs).map((name, at) => [name, node.outputs[at]]),
    ) as OutputsOf<K, Value>;
  }

  /** Adds a node of a checked graph as it is, with the names it has. */
  adopt(node: Node): void {
    if (this.#nodeNames.has(node.name))
      throw new GraphError(`node ${node.name}: the name is taken; choose another`);
    this.#nodeNames.add(node.name);
    for (const value of node.outputs) this.#declare(value);
    this.#noteContents(node);
    this.#nodes.push(node);
  }

  build(): Graph {
    return {
      name: this.#name,
      nodes: [...this.#nodes],
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      constants: new Map(this.#constants),
      parameters: new Map(this.#parameters),
    };
  }

  #check(
    name: string,
    op: OpKind,
    inputs: readonly (Value | null)[],
    given: Readonly<Record<string, unknown>>,
  ): Node {
    const where = `${name} (${op})`;
    for (const value of inputs) {
      if (value !== null && !this.#owns(value)) {
        throw new GraphError(
          `${where}: input ${showValue(value)} is not of graph ${this.#name}; pass a value that this builder made`,
        );
      }
    }
    const attributes = completeAttributes(op, given, where);
    const dtypes = inferDtypes(op, inputs, attributes, where);
    const rule = shapeRules[op] as ShapeRule<OpKind>;
    const shapes = rule(this.#context(where, op, inputs, attributes)) as Readonly<Record<string, Shape>>;
    const outputs = Object.keys(specOf(op).outputs).map((output, position) => ({
      name: `${name}_output_${position}`,
      dtype: dtypes[position]!,
      shape: shapes[output]!,
    }));
    return { name, op, inputs, outputs, attributes };
  }

  #context(
    where: string,
    op: OpKind,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, unknown>>,
  ): ShapeContext<OpKind> {
    const fail = (message: string): never => {
      throw new ShapeError(`${where}: ${message}`);
    };
    const dims = (input: Value): Shape =>
      this.#contents.get(input.name) ??
      fail(`${showValue(input)} is computed while running, expected a constant or the output of Shape`);
    return {
      where,
      inputs: nameInputs(op, inputs),
      attributes: attributes,
      dims,
      ints: (input) => {
        const held = dims(input);
        return held.every((dim) => typeof dim === "number")
          ? held
          : fail(`${input.name} holds ${showShape(held)}, expected numbers`);
      },
      fail,
    };
  }

  /** What a Shape gives, and what a Gather takes of it, is known before the graph runs. */
  #noteContents({ op, inputs: [first, second], outputs: [output] }: Node): void {
    if (op === "Shape") this.#contents.set(output!.name, first!.shape);
    const held = op === "Gather" && first?.shape.length === 1 ? this.#contents.get(first.name) : undefined;
    const rows = held && second ? this.#contents.get(second.name) : undefined;
    const taken = rows?.map((row) => (typeof row === "number" ? held?.at(row) : undefined));
    if (taken?.every((dim) => dim !== undefined)) this.#contents.set(output!.name, taken);
  }

  /** A value is known by its name; one of another graph that bears the same name must not pass for it. */
  #owns({ name, dtype, shape }: Value): boolean {
    const known = this.#values.get(name);
    return known !== undefined && known.dtype === dtype && shapesEqual(known.shape, shape);
  }

  #declare<V extends Value>(value: V): V {
    if (this.#values.has(value.name))
      throw new GraphError(`value ${showValue(value)}: the name is taken; choose another`);
    this.#values.set(value.name, value);
    return value;
  }

  #addConstant(name: string, tensor: Tensor): Value {
    const value = this.#declare({ name, dtype: tensor.dtype, shape: tensor.shape });
    this.#constants.set(name, tensor);
    if (tensor.dtype === "int64" && tensor.shape.length <= 1)
      this.#contents.set(name, Array.from(tensor.data));
    return value;
  }

  #freshName(kind: string): string {
    const base = `/${[...this.#scope, kind].join("/")}`;
    const taken = (name: string) => this.#nodeNames.has(name) || this.#values.has(name);
    if (!taken(base)) return base;
    let count = this.#nextCounts.get(base) ?? 1;
    while (taken(`${base}_${count}`)) count++;
    this.#nextCounts.set(base, count);
    return `${base}_${count}`;
  }
}
