/**
 * @file Reverse-mode differentiation as a function from Graph to Graph.
 *
 * Nodes are visited once, last to first. A gradient is built only for a value that lies between a wanted input
 * and the loss. Broadcasting is undone here, once, for all rules.
 */

import { GradientError } from "../errors.js";
import { isFloat } from "../ir/dtype.js";
import { showValue, viewNode, type Graph, type Node, type Value } from "../ir/graph.js";
import { specOf, type OpKind } from "../ir/opTable.js";
import { showShape, shapesEqual, stretchedAxes } from "../ir/shape.js";
import { GraphBuilder } from "../ops/builder.js";
import type { OpBuilder } from "../ops/table.js";
import type { GradRule, NoGradient, Thunk } from "./rule.js";
import { gradRules } from "./rules.js";

/** Name of the output that holds the gradient of the loss by `input`. */
export function gradientName(input: string): string {
  return `grad/${input}`;
}

/**
 * Adds an output `grad/<input>` for each of `withRespectTo`, in the shape of that input.
 * @param loss name of an output that is one float
 * @param withRespectTo names of float inputs
 * @param constants names of outputs through which no gradient flows; those the graph lacks are passed over
 * @throws GradientError naming every input that is unknown, not float, or without a way to the loss;
 *   or the node on the way that has no gradient, with the reason
 */
export function differentiate(
  graph: Graph,
  loss: string,
  withRespectTo: readonly string[],
  constants: readonly string[] = [],
): Graph {
  const target = findLoss(graph, loss);
  const wanted = findInputs(graph, withRespectTo);
  const builder = GraphBuilder.from(graph);
  const gradients = new Gradients(builder.op);
  const held = graph.outputs.filter(({ name }) => constants.includes(name)).map(({ value }) => value.name);
  const dependent = dependentOn(graph, wanted, new Set(held));

  builder.scope("grad", () => {
    const one = builder.op.scalar(1, target);
    gradients.add(target, target.shape.length === 0 ? one : builder.op.reshapeLike(one, target));
    for (const node of [...graph.nodes].reverse()) {
      if (node.outputs.some((value) => dependent.has(value.name))) {
        builder.scope(node.name.replace(/^\//, ""), () =>
          backpropagate(node, graph, builder.op, gradients, dependent),
        );
      }
    }
    const unreached = wanted.filter((value) => !gradients.reached(value));
    if (unreached.length > 0) {
      throw new GradientError(
        `differentiate ${graph.name}: no path from ${unreached.map((value) => value.name).join(", ")} to ${loss}; ` +
          "leave these inputs out or use them",
      );
    }
    for (const value of wanted) builder.output(gradientName(value.name), gradients.total(value)!);
  });
  return builder.build();
}

function findLoss(graph: Graph, loss: string): Value {
  const output = graph.outputs.find(({ name }) => name === loss);
  if (output === undefined) {
    const names = graph.outputs.map(({ name }) => name).join(", ");
    throw new GradientError(`differentiate ${graph.name}: has no output "${loss}", expected one of ${names}`);
  }
  const { value } = output;
  if (!isFloat(value.dtype) || value.shape.some((dim) => dim !== 1)) {
    throw new GradientError(
      `differentiate ${graph.name}: loss is ${showValue(value)}, expected one float; reduce it first`,
    );
  }
  return value;
}

function findInputs(graph: Graph, names: readonly string[]): Value[] {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]));
  const faults = names.flatMap((name) => {
    const value = inputs.get(name);
    if (value === undefined) return [`has no input "${name}"`];
    return isFloat(value.dtype) ? [] : [`input ${showValue(value)}, expected a float dtype`];
  });
  if (faults.length > 0) {
    throw new GradientError(
      `differentiate ${graph.name}: ${faults.join("; ")}; name float inputs of the graph`,
    );
  }
  return names.map((name) => inputs.get(name)!);
}

/** Names of all values that change with one of `sources` by a way that avoids `held`. */
function dependentOn(
  graph: Graph,
  sources: readonly Value[],
  held: ReadonlySet<string>,
): ReadonlySet<string> {
  const names = new Set(sources.map((value) => value.name));
  for (const node of graph.nodes) {
    if (node.inputs.some((value) => value !== null && names.has(value.name))) {
      for (const value of node.outputs) if (!held.has(value.name)) names.add(value.name);
    }
  }
  return names;
}

/** Contributions to each value's gradient, added up when first asked for. */
class Gradients {
  readonly #op: OpBuilder;
  readonly #parts = new Map<string, Value[]>();

  constructor(op: OpBuilder) {
    this.#op = op;
  }

  add(value: Value, gradient: Value): void {
    const parts = this.#parts.get(value.name);
    if (parts === undefined) this.#parts.set(value.name, [gradient]);
    else parts.push(gradient);
  }

  reached(value: Value): boolean {
    return this.#parts.has(value.name);
  }

  /** null: the loss does not change with the value. */
  total(value: Value): Value | null {
    const parts = this.#parts.get(value.name);
    if (parts === undefined) return null;
    const sum = parts.reduce((a, b) => this.#op.add(a, b));
    this.#parts.set(value.name, [sum]);
    return sum;
  }
}

/** Hands the gradient of a node's outputs to those of its inputs that need one. */
function backpropagate(
  node: Node,
  graph: Graph,
  op: OpBuilder,
  gradients: Gradients,
  dependent: ReadonlySet<string>,
): void {
  const [dY, ...others] = node.outputs.map((value) => gradients.total(value));
  const fail = (message: string): never => {
    throw new GradientError(`${node.name} (${node.op}): ${message}`);
  };
  if (others.some((gradient) => gradient !== null))
    fail("the loss uses an output other than the first, which has no gradient rule");
  if (!dY) return;
  const rule = gradRules[node.op] as GradRule<OpKind> | NoGradient;
  if ("noGradient" in rule)
    return fail(`has no gradient: ${rule.noGradient}; keep it off the way to the loss`);
  const ints = (input: Value) =>
    Array.from(graph.constants.get(input.name)?.data ?? fail(`${input.name} is not a constant`));
  const rules = rule({ ...viewNode(node), op, dY, ints, fail }) as Readonly<Record<string, Thunk | null>>;
  const thunks = Object.keys(specOf(node.op).inputs).flatMap((name) => rules[name] ?? null);
  node.inputs.forEach((input, position) => {
    const thunk = thunks[position];
    if (input === null || !thunk || !dependent.has(input.name)) return;
    gradients.add(input, sumToShape(op, thunk(), input, fail));
  });
}

/** Sums a gradient over the axes that broadcasting had stretched. */
function sumToShape(op: OpBuilder, gradient: Value, input: Value, fail: (message: string) => never): Value {
  const axes = stretchedAxes(input.shape, gradient.shape);
  const lead = gradient.shape.length - input.shape.length;
  const inner = axes.filter((axis) => axis >= lead);
  const summed = axes.length === 0 ? gradient : op.reduceSum(gradient, axes, inner.length > 0);
  const result = inner.length > 0 && lead > 0 ? op.squeeze(summed, axes.slice(0, lead)) : summed;
  if (!shapesEqual(result.shape, input.shape) || result.dtype !== input.dtype) {
    fail(`its rule gives ${result.dtype} ${showShape(result.shape)} for ${showValue(input)}`);
  }
  return result;
}
