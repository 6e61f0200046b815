/** @file Compares the gradient graph, evaluated in float64, with central differences of the forward graph. */

import assert from "node:assert/strict";
import { differentiate } from "../../src/grad/differentiate.js";
import { isFloat } from "../../src/ir/dtype.js";
import type { Graph } from "../../src/ir/graph.js";
import { shapesEqual } from "../../src/ir/shape.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { uniform } from "./opCases/draw.js";
import { addCase, caseFeeds, caseGraph, wantedInputs, type OpCase } from "./opCases/opCase.js";
import { evaluate, ndArray, type NdArray } from "./reference.js";

/** Inputs, numbers for them, and a function that builds a value of any shape; its name is optional. */
export type Differentiable = Omit<OpCase, "name"> & { readonly name?: string };

const STEP = 1e-4;
/** Of the error, relative to the norm of the gradient. */
const TOLERANCE = 1e-6;
/** The error of finite differences where the gradient is zero. */
const ROUNDING = 1e-9;

const norm = (numbers: Iterable<number>): number => Math.hypot(...numbers);
const dot = (a: NdArray, b: NdArray): number => a.data.reduce((sum, x, at) => sum + x * b.data[at]!, 0);

/** The case with the loss Σ cotangent · y; the cotangent is one more input. */
function lossGraph(opCase: Differentiable): Graph {
  const builder = new GraphBuilder("case");
  const [y] = addCase(builder, opCase);
  const cotangent = builder.input("cotangent", y!.dtype, y!.shape);
  builder.output("loss", builder.op.reduceSum(builder.op.mul(y!, cotangent)));
  return builder.build();
}

/**
 * Gradients of Σ cotangent · y by every float input that is not fixed, as the gradient graph computes them.
 * Shapes are checked against those of the inputs.
 */
export function gradientsOf(opCase: Differentiable, cotangent: NdArray): Map<string, NdArray> {
  const wanted = wantedInputs(opCase);
  const forward = lossGraph(opCase);
  const graph = differentiate(forward, "loss", wanted);
  assert.deepEqual(
    graph.outputs.map(({ name }) => name),
    ["loss", ...wanted.map((name) => `grad/${name}`)],
  );
  for (const { name, value } of graph.outputs.slice(1)) {
    const input = graph.inputs.find((candidate) => `grad/${candidate.name}` === name)!;
    assert.ok(shapesEqual(value.shape, input.shape), `${name} has the shape of its input`);
    assert.equal(value.dtype, input.dtype, `${name} has the dtype of its input`);
  }
  const fetched = evaluate(graph, new Map([...caseFeeds(opCase), ["cotangent", cotangent]]));
  return new Map(wanted.map((name) => [name, fetched.get(`grad/${name}`)!]));
}

/** Five-point central differences of Σ cotangent · y by one input. */
function finiteDifferences(
  forward: Graph,
  opCase: Differentiable,
  name: string,
  cotangent: NdArray,
): number[] {
  const { value } = opCase.inputs[name]!;
  const lossAt = (position: number, offset: number): number => {
    const data = Float64Array.from(value.data);
    data[position]! += offset;
    const feeds = new Map([...caseFeeds(opCase), [name, { ...value, data }]]);
    return dot(evaluate(forward, feeds).get("y0")!, cotangent);
  };
  return Array.from(value.data, (_, at) => {
    const near = lossAt(at, STEP) - lossAt(at, -STEP);
    const far = lossAt(at, 2 * STEP) - lossAt(at, -2 * STEP);
    return (8 * near - far) / (12 * STEP);
  });
}

/** Whether a gradient can be asked for: a float result, and a float input that is not fixed. */
export function isDifferentiable(opCase: Differentiable): boolean {
  return isFloat(caseGraph(opCase).outputs[0]!.value.dtype) && wantedInputs(opCase).length > 0;
}

/** @throws AssertionError when a gradient differs from finite differences by more than 1e-6 of its norm */
export function checkGradient(opCase: Differentiable, seed = 1): void {
  const forward = caseGraph(opCase);
  const y = evaluate(forward, caseFeeds(opCase)).get("y0")!;
  const random = uniform(seed);
  const cotangent = ndArray(
    y.shape,
    Array.from(y.data, () => 2 * random() - 1),
  );
  for (const [name, gradient] of gradientsOf(opCase, cotangent)) {
    const expected = finiteDifferences(forward, opCase, name, cotangent);
    const error = norm(gradient.data.map((element, at) => element - expected[at]!));
    const allowed = TOLERANCE * norm(expected) + ROUNDING;
    assert.ok(
      error <= allowed,
      `gradient by ${name} is [${gradient.data.join(", ")}], finite differences give [${expected.join(", ")}]; ` +
        `error ${error} exceeds ${allowed}${opCase.name === undefined ? "" : `; case: ${opCase.name}`}`,
    );
  }
}
