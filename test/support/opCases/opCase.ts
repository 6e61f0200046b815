/** @file One use of one operator: inputs, numbers for them, and the node. Cases are drawn at random by fast-check. */

import fc from "fast-check";
import { isFloat, type DType } from "../../../src/ir/dtype.js";
import type { Graph, Value } from "../../../src/ir/graph.js";
import type { OpKind } from "../../../src/ir/opTable.js";
import { showShape, type Shape } from "../../../src/ir/shape.js";
import { GraphBuilder } from "../../../src/ops/builder.js";
import type { Feeds, NdArray } from "../reference.js";
import { Draw } from "./draw.js";

export interface CaseInput {
  readonly dtype: DType;
  /** As the graph declares it: may name a dimension. */
  readonly shape: Shape;
  readonly value: NdArray;
}

export type CaseInputs = Readonly<Record<string, CaseInput>>;

export interface OpCase {
  /** What was drawn, for the message of a failing test. */
  readonly name: string;
  readonly inputs: CaseInputs;
  /** Adds the operator; a gradient is taken of the first of the values returned. */
  build(builder: GraphBuilder, values: Readonly<Record<string, Value>>): readonly Value[];
  /** Float inputs through which no gradient flows. */
  readonly fixed?: readonly string[];
}

export type OpCases<K extends OpKind = OpKind> = { readonly [P in K]: fc.Arbitrary<OpCase> };

/** An arbitrary of cases from a function that draws one. */
export function drawn(
  make: (draw: Draw) => Omit<OpCase, "name"> & { readonly detail?: unknown },
): fc.Arbitrary<OpCase> {
  return fc.gen().map((generator) => {
    const { detail, ...rest } = make(new Draw(generator));
    const inputs = Object.entries(rest.inputs).map(([name, { dtype, shape, value }]) => {
      const sizes = showShape(shape) === showShape(value.shape) ? "" : ` = ${showShape(value.shape)}`;
      return `${name} ${dtype} ${showShape(shape)}${sizes}`;
    });
    const name = [...inputs, ...(detail === undefined ? [] : [JSON.stringify(detail)])].join(", ");
    return { ...rest, name, [fc.toStringMethod]: () => name };
  });
}

/** Declares the inputs of a case and adds its operator. */
export function addCase(builder: GraphBuilder, opCase: Omit<OpCase, "name">): readonly Value[] {
  const values = Object.entries(opCase.inputs).map(
    ([name, { dtype, shape }]) => [name, builder.input(name, dtype, shape)] as const,
  );
  return opCase.build(builder, Object.fromEntries(values));
}

/** The case as a graph of its own, with outputs y0, y1, … */
export function caseGraph(opCase: Omit<OpCase, "name">): Graph {
  const builder = new GraphBuilder("case");
  addCase(builder, opCase).forEach((value, position) => builder.output(`y${position}`, value));
  return builder.build();
}

export function caseFeeds(opCase: Pick<OpCase, "inputs">): Feeds {
  return new Map(Object.entries(opCase.inputs).map(([name, { value }]) => [name, value]));
}

/** Inputs that a gradient flows to. */
export function wantedInputs({ inputs, fixed = [] }: Pick<OpCase, "inputs" | "fixed">): string[] {
  return Object.keys(inputs).filter((name) => isFloat(inputs[name]!.dtype) && !fixed.includes(name));
}
