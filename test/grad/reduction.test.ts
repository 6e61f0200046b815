import assert from "node:assert/strict";
import fc from "fast-check";
import { reductionRules } from "../../src/grad/rules/reduction.js";
import type { OpBuilder } from "../../src/ops/table.js";
import { gradientsOf } from "../support/checkGradient.js";
import { drawn } from "../support/opCases/opCase.js";
import { reductionCases } from "../support/opCases/reduction.js";
import { evaluate, ndArray } from "../support/reference.js";
import { caseFeeds, caseGraph } from "../support/opCases.js";
import { float, testGradients, type HandWorked, type HandWorkedFor } from "../support/testGradients.js";

type Name = "reduceSum" | "reduceMean" | "reduceMax" | "reduceSumSquare" | "reduceLogSumExp";

const reduce =
  (name: Name & keyof OpBuilder, axis: number): HandWorked["build"] =>
  ({ op }, { data }) => [op[name](data!, [axis])];

const handWorked = {
  ReduceSum: {
    inputs: { data: float([2, 2], [1, 2, 3, 4]) },
    build: reduce("reduceSum", 1),
    cotangent: ndArray([2], [3, 5]),
    gradients: { data: [3, 3, 5, 5] },
  },
  ReduceMean: {
    inputs: { data: float([2, 2], [1, 2, 3, 4]) },
    build: reduce("reduceMean", 0),
    cotangent: ndArray([2], [4, 6]),
    gradients: { data: [2, 3, 2, 3] },
  },
  ReduceMax: {
    inputs: { data: float([2, 3], [1, 7, 7, 4, 2, 0]) },
    build: reduce("reduceMax", -1),
    cotangent: ndArray([2], [6, 5]),
    gradients: { data: [0, 3, 3, 5, 0, 0] },
  },
  ReduceSumSquare: {
    inputs: { data: float([3], [1, 2, 3]) },
    build: reduce("reduceSumSquare", 0),
    cotangent: ndArray([], [10]),
    gradients: { data: [20, 40, 60] },
  },
  ReduceLogSumExp: {
    inputs: { data: float([2], [0, Math.log(3)]) },
    build: reduce("reduceLogSumExp", 0),
    cotangent: ndArray([], [8]),
    gradients: { data: [2, 6] },
  },
  // softmax = [1/4, 3/4]
  Softmax: {
    inputs: { X: float([2], [0, Math.log(3)]) },
    build: ({ op }, { X }) => [op.softmax(X!)],
    cotangent: ndArray([2], [16, 0]),
    gradients: { X: [3, -3] },
  },
  LogSoftmax: {
    inputs: { X: float([2], [0, Math.log(3)]) },
    build: ({ op }, { X }) => [op.logSoftmax(X!)],
    cotangent: ndArray([2], [4, 0]),
    gradients: { X: [3, -3] },
  },
} satisfies HandWorkedFor<typeof reductionRules>;

/** A maximum over the last axis of numbers so few that they tie. */
const tied = drawn((draw) => ({
  inputs: { data: draw.wholes(draw.ints(2, 1, 5), 0, 2, "float32") },
  build: reduce("reduceMax", -1),
}));

describe("gradients of reductions", () => {
  testGradients(reductionRules, reductionCases, handWorked);

  it("ReduceMax shares its gradient equally among the tied", () => {
    fc.assert(
      fc.property(tied, (opCase) => {
        const { shape, data } = opCase.inputs.data!.value;
        const [rows, columns] = shape as [number, number];
        const cotangent = ndArray(
          [rows],
          Array.from({ length: rows }, (_, row) => row + 1),
        );
        const expected = Array.from({ length: rows }, (_, row) => {
          const lane = [...data.slice(row * columns, (row + 1) * columns)];
          const winners = lane.filter((x) => x === Math.max(...lane)).length;
          return lane.map((x) => (x === Math.max(...lane) ? (row + 1) / winners : 0));
        });
        assert.deepEqual([...gradientsOf(opCase, cotangent).get("data")!.data], expected.flat());
      }),
    );
  });

  it("reduceSumSquare over no axes squares", () => {
    const scalar = {
      inputs: { x: float([], [3]) },
      build: (({ op }, { x }) => [op.reduceSumSquare(x!)]) as HandWorked["build"],
    };
    assert.deepEqual([...evaluate(caseGraph(scalar), caseFeeds(scalar)).get("y0")!.data], [9]);
  });

  it("ReduceMean over a named dimension asks for a size", () => {
    const mean = {
      inputs: { data: { ...float([2], [1, 2]), shape: ["batch"] } },
      build: reduce("reduceMean", 0),
    };
    assert.throws(() => gradientsOf(mean, ndArray([], [1])), {
      name: "GradientError",
      message:
        '/ReduceMean (ReduceMean): averages over the named dimension "batch" of [batch]; give it a size before differentiating',
    });
  });
});
