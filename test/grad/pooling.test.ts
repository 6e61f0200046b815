import assert from "node:assert/strict";
import fc from "fast-check";
import { poolingRules } from "../../src/grad/rules/pooling.js";
import { gradientsOf } from "../support/checkGradient.js";
import type { OpCase } from "../support/opCases/opCase.js";
import { poolingCases } from "../support/opCases/pooling.js";
import { caseFeeds, caseGraph } from "../support/opCases.js";
import { evaluate, ndArray } from "../support/reference.js";
import { float, testGradients, type HandWorkedFor } from "../support/testGradients.js";

const row = (...numbers: number[]) => float([1, 1, 1, numbers.length], numbers);
const cotangent = (...numbers: number[]) => ndArray([1, 1, 1, numbers.length], numbers);

const handWorked = {
  // Windows (1, 3), (3, 3), (3, 2): the first 3 wins twice.
  MaxPool: {
    inputs: { X: row(1, 3, 3, 2) },
    build: ({ op }, { X }) => [op.maxPool(X!, { kernelShape: [1, 2] })],
    cotangent: cotangent(1, 2, 4),
    gradients: { X: [0, 3, 4, 0] },
  },
  // The first window lies half in the padding and divides by 1.
  AveragePool: {
    inputs: { X: row(0, 0, 0) },
    build: ({ op }, { X }) => [op.averagePool(X!, { kernelShape: [1, 2], pads: [0, 1, 0, 0] })],
    cotangent: cotangent(2, 4, 6),
    gradients: { X: [4, 5, 3] },
  },
  AveragePoolGradient: {
    inputs: { dY: row(0, 0) },
    build: ({ op }, { dY }) => [op.averagePoolGradient(dY!, { kernelShape: [1, 2], inputSize: [1, 3] })],
    cotangent: cotangent(2, 4, 6),
    gradients: { dY: [3, 5] },
  },
  GlobalAveragePool: {
    inputs: { X: float([1, 1, 2, 2], [0, 0, 0, 0]) },
    build: ({ op }, { X }) => [op.globalAveragePool(X!)],
    cotangent: ndArray([1, 1, 1, 1], [8]),
    gradients: { X: [2, 2, 2, 2] },
  },
} satisfies HandWorkedFor<typeof poolingRules>;

/** The same case with other numbers in X. */
const withNumbers = (opCase: OpCase, change: (x: number, at: number) => number): OpCase => {
  const X = opCase.inputs.X!;
  return { ...opCase, inputs: { X: { ...X, value: { ...X.value, data: X.value.data.map(change) } } } };
};

describe("gradients of poolings", () => {
  testGradients(poolingRules, poolingCases, handWorked);

  it("MaxPool gives the gradient of tied maxima to the first in row-major order", () => {
    fc.assert(
      fc.property(poolingCases.MaxPool, (opCase) => {
        const tied = withNumbers(opCase, (x) => Math.sign(Math.round(x)));
        // A slope too small to reorder numbers that differ, which leaves the first of the equal as the greatest.
        const sloping = withNumbers(tied, (x, at) => x - 1e-4 * at);
        const { shape, data } = evaluate(caseGraph(tied), caseFeeds(tied)).get("y0")!;
        const dY = ndArray(
          shape,
          Array.from(data, (_, at) => at + 1),
        );
        assert.deepEqual(gradientsOf(tied, dY).get("X"), gradientsOf(sloping, dY).get("X"));
      }),
    );
  });

  it("MaxPool never gives a gradient to the padding, even if all numbers are negative", () => {
    const negative = {
      inputs: { X: row(-5, -3) },
      build: handWorked.MaxPool.build,
    };
    const padded = {
      ...negative,
      build: ((builder, { X }) => [
        builder.op.maxPool(X!, { kernelShape: [1, 2], pads: [0, 1, 0, 1] }),
      ]) as typeof handWorked.MaxPool.build,
    };
    assert.deepEqual([...gradientsOf(padded, cotangent(1, 2, 4)).get("X")!.data], [1, 6]);
  });
});
