/** @file When numbers of ONNX Runtime are those of the interpreter. */

import assert from "node:assert/strict";
import type { OpCase } from "./opCases.js";
import { ndArray, type Feeds, type NdArray } from "./reference.js";

/** Of the largest number in or out: float32, with room for exp, sums in another order, and terms that nearly cancel. */
export const TOLERANCE = 2e-6;
/** So that rounding alone does not look like an error where a result is zero. */
export const SMALL = 1e-6;

/** The numbers as float32 holds them, so that both sides start from the same. */
export function rounded(feeds: Feeds): Feeds {
  return new Map([...feeds].map(([name, { shape, data }]) => [name, ndArray(shape, data.map(Math.fround))]));
}

export const largest = (arrays: Iterable<NdArray>): number =>
  [...arrays].flatMap(({ data }) => [...data]).reduce((most, number) => Math.max(most, Math.abs(number)), 0);

export function assertClose(found: NdArray, expected: NdArray, size: number, what: string): void {
  assert.deepEqual(found.shape, expected.shape, `${what}: shape`);
  found.data.forEach((number, at) => {
    const error = Math.abs(number - expected.data[at]!);
    assert.ok(
      error <= TOLERANCE * size + SMALL,
      `${what}: element ${at} is ${number}, the interpreter gives ${expected.data[at]}`,
    );
  });
}

/** Named dimensions are for inference: gradients are lowered for known sizes. */
export function withSizes(opCase: OpCase): OpCase {
  const inputs = Object.entries(opCase.inputs).map(([name, input]) => [
    name,
    { ...input, shape: input.value.shape },
  ]);
  return { ...opCase, inputs: Object.fromEntries(inputs) as OpCase["inputs"] };
}
