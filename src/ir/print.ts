/**
 * @file A listing of a graph for people: one line per value, stable under unrelated changes, so that two
 * versions of a network compare line by line.
 *
 * A node's line reads "name  dtype [shape] = Op(inputs) {attributes}". Only attributes that differ from
 * their default are shown. A value goes by the name of its node, its second output by "name:1"; a value
 * that was given another name shows it before its dtype and goes by it.
 */

import type { Tensor } from "./dtype.js";
import type { Graph, Initial, Node, Parameter, Value } from "./graph.js";
import { specOf, type AttributeValue } from "./opTable.js";
import { elementCount, isStatic, showShape } from "./shape.js";

/** Fixed, and not measured: else one long name would change every line. */
const NAME_WIDTH = 44;
const TYPE_WIDTH = 30;
/** Numbers of a constant that the listing shows. */
const SHOWN_NUMBERS = 8;

export function printGraph(graph: Graph): string {
  const references = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((value, at) => [value.name, referTo(node, value, at)])),
  );
  const refer = (value: Value | null): string =>
    value === null ? "-" : (references.get(value.name) ?? value.name);
  const sections: [title: string, lines: string[]][] = [
    ["inputs", graph.inputs.map((value) => printInput(value, graph.parameters.get(value.name)))],
    [
      "constants",
      [...graph.constants].filter(([name, { dtype }]) => !saysWhatItHolds(name, dtype)).map(printConstant),
    ],
    ["nodes", graph.nodes.map((node) => printNode(node, refer))],
    ["outputs", graph.outputs.map(({ name, value }) => printOutput(name, value, refer(value)))],
  ];
  const filled = sections.filter(([, lines]) => lines.length > 0);
  return [printHeader(graph), ...filled.map(([title, lines]) => `${title}\n${lines.join("\n")}\n`)].join(
    "\n",
  );
}

function printHeader({ name, inputs, outputs, nodes, parameters }: Graph): string {
  const all = [...parameters.values()];
  const trainable = all.filter((parameter) => parameter.trainable);
  const statistics = all.filter((parameter) => !parameter.trainable);
  return [
    `graph ${name}`,
    `  inputs      ${inputs.length - all.length}`,
    `  outputs     ${outputs.length}`,
    `  nodes       ${nodes.length}`,
    `  trainable   ${trainable.length}, of ${countNumbers(trainable)} numbers`,
    `  statistics  ${statistics.length}, of ${countNumbers(statistics)} numbers`,
    "",
  ].join("\n");
}

function countNumbers(parameters: readonly Parameter[]): number {
  return parameters.reduce(
    (sum, { value: { shape } }) => sum + (isStatic(shape) ? elementCount(shape) : 0),
    0,
  );
}

/** "  name  type  rest"; a long name takes the room of the type, and then pushes what follows to the right. */
function line(name: string, type: string, rest = ""): string {
  const left = `${name.padEnd(NAME_WIDTH)} ${type}`;
  return `  ${left.padEnd(NAME_WIDTH + 1 + TYPE_WIDTH)} ${rest}`.trimEnd();
}

function typeOf({ dtype, shape }: Pick<Value, "dtype" | "shape">): string {
  return `${dtype} ${showShape(shape)}`;
}

function printInput(value: Value, parameter: Parameter | undefined): string {
  if (parameter === undefined) return line(value.name, typeOf(value));
  return line(
    value.name,
    typeOf(value),
    `${parameter.trainable ? "trainable" : "statistic"}, ${printInitial(parameter.initial)}`,
  );
}

function printInitial(initial: Initial): string {
  switch (initial.kind) {
    case "constant":
      return `all ${printNumber(initial.value)}`;
    case "uniform":
      return `uniform in ±${printNumber(initial.bound)}`;
    case "normal":
      return `normal with std ${printNumber(initial.std)}`;
  }
}

/** Six digits tell two designs apart, and last-bit differences between machines do not show. */
function printNumber(number: number): string {
  return String(Number(number.toPrecision(6)));
}

/** The builder names small constants by dtype, shape and numbers. */
function saysWhatItHolds(name: string, dtype: string): boolean {
  return name.startsWith(dtype);
}

function printConstant([name, tensor]: [string, Tensor]): string {
  const { data } = tensor;
  const first = Array.from({ length: Math.min(data.length, SHOWN_NUMBERS) }, (_, at) => String(data[at]));
  const rest = data.length > SHOWN_NUMBERS ? `, … checksum ${checksum(data)}` : "";
  return line(name, typeOf(tensor), `= ${first.join(", ")}${rest}`);
}

/** 32 bits of FNV-1a over the numbers as text: any change of a long constant shows. */
function checksum(data: ArrayLike<number>): string {
  let hash = 0x811c9dc5;
  for (const character of Array.from(data, String).join()) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function hasOwnName(node: Node, value: Value, at: number): boolean {
  return value.name !== `${node.name}_output_${at}`;
}

function referTo(node: Node, value: Value, at: number): string {
  if (hasOwnName(node, value, at)) return value.name;
  return at === 0 ? node.name : `${node.name}:${at}`;
}

function printNode(node: Node, refer: (value: Value | null) => string): string {
  const outputs = node.outputs.map((value, at) => {
    const label = hasOwnName(node, value, at) ? value.name : at > 0 ? `:${at}` : "";
    return label === "" ? typeOf(value) : `${label} ${typeOf(value)}`;
  });
  const given = node.inputs.findLastIndex((value) => value !== null) + 1;
  const inputs = node.inputs.slice(0, given).map(refer);
  return line(node.name, outputs.join("; "), `= ${node.op}(${inputs.join(", ")})${printAttributes(node)}`);
}

function printAttributes({ op, attributes }: Node): string {
  const specs = specOf(op).attributes;
  const shown = Object.entries(attributes)
    .filter(
      ([name, value]) => specs[name]?.default === undefined || !sameAttribute(value, specs[name].default),
    )
    .map(([name, value]) => `${name}=${typeof value === "object" ? `[${value.join(",")}]` : value}`);
  return shown.length > 0 ? ` {${shown.join(" ")}}` : "";
}

function sameAttribute(a: AttributeValue, b: AttributeValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function printOutput(name: string, value: Value, reference: string): string {
  return line(name, typeOf(value), reference === name ? "" : `= ${reference}`);
}
