/** @file The tests that every family of gradient rules has: finite differences, and a case worked by hand for each rule. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { NoGradient } from "../../src/grad/rule.js";
import type { OpKind } from "../../src/ir/opTable.js";
import { checkGradient, gradientsOf, isDifferentiable, type Differentiable } from "./checkGradient.js";
import type { OpCases } from "./opCases/opCase.js";
import { ndArray, type NdArray } from "./reference.js";

/** Operators of a table of rules that have a gradient. */
export type WithGradient<R> = { [K in keyof R]: R[K] extends NoGradient ? never : K }[keyof R];

/** A case small enough to check by eye. */
export interface HandWorked extends Differentiable {
  /** dLoss/dY. */
  readonly cotangent: NdArray;
  /** Expected elements of each gradient, in row-major order. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

export type HandWorkedFor<R> = { readonly [K in WithGradient<R>]: HandWorked };

const RUNS = 60;

/** Short form of a float32 input that a case declares. */
export function float(shape: readonly number[], numbers: readonly number[]) {
  return { dtype: "float32", shape, value: ndArray(shape, numbers) } as const;
}

/** Short form of an int64 input. */
export function int(shape: readonly number[], numbers: readonly number[]) {
  return { dtype: "int64", shape, value: ndArray(shape, numbers) } as const;
}

export function checkByHand({ cotangent, gradients, ...opCase }: HandWorked): void {
  const found = gradientsOf(opCase, cotangent);
  assert.deepEqual([...found.keys()], Object.keys(gradients), "every gradient is worked by hand");
  for (const [name, expected] of Object.entries(gradients)) {
    const { data } = found.get(name)!;
    const close =
      data.length === expected.length &&
      data.every((element, at) => Math.abs(element - expected[at]!) < 1e-9);
    assert.ok(close, `gradient by ${name} is [${data.join(", ")}], by hand [${expected.join(", ")}]`);
  }
}

/** Declares the tests of a family; `handWorked` holds a case for each rule, which the compiler sees to. */
export function testGradients<K extends OpKind>(
  rules: { readonly [P in K]: unknown },
  cases: OpCases<K>,
  handWorked: Readonly<Partial<Record<K, HandWorked>>>,
): void {
  for (const op of Object.keys(rules) as K[]) {
    const rule = rules[op];
    if (typeof rule === "object") {
      it(`${op} says why it has no gradient`, () => {
        assert.match((rule as NoGradient).noGradient, /\w+ \w+ \w+/);
      });
      continue;
    }
    it(`${op} agrees with finite differences`, () => {
      let checked = 0;
      fc.assert(
        fc.property(cases[op], (opCase) => {
          if (!isDifferentiable(opCase)) return;
          checked++;
          checkGradient(opCase);
        }),
        { numRuns: RUNS },
      );
      assert.ok(checked >= RUNS / 10, `only ${checked} of ${RUNS} cases have a gradient`);
    });
    it(`${op} agrees with a case worked by hand`, () => checkByHand(handWorked[op]!));
  }
}
