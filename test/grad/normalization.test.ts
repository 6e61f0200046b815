import assert from "node:assert/strict";
import { differentiate } from "../../src/grad/differentiate.js";
import { normalizationRules } from "../../src/grad/rules/normalization.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { normalizationCases } from "../support/opCases/normalization.js";
import { ndArray } from "../support/reference.js";
import { float, testGradients, type HandWorkedFor } from "../support/testGradients.js";

const one = (number: number) => float([1], [number]);

const handWorked = {
  // 1/√(var + epsilon) = 1/2
  BatchNormalization: {
    inputs: { X: float([2, 1], [1, 5]), scale: one(6), bias: one(0), mean: one(1), variance: one(3) },
    build: ({ op }, { X, scale, bias, mean, variance }) => [
      op.batchNormalization(X!, { scale: scale!, bias: bias!, mean: mean!, variance: variance! }, 1),
    ],
    cotangent: ndArray([2, 1], [1, 2]),
    gradients: { X: [3, 6], scale: [4], bias: [3], mean: [-9], variance: [-3] },
  },
  // mean = 2, var = 1, normalized X = [-1/2, 1/2]
  BatchNormalizationTraining: {
    inputs: { X: float([2, 1], [1, 3]), scale: one(2), bias: one(0) },
    build: ({ op }, { X, scale, bias }) => [op.batchNormalizationTraining(X!, scale!, bias!, 3).Y],
    cotangent: ndArray([2, 1], [1, 4]),
    gradients: { X: [-1.125, 1.125], scale: [1.5], bias: [5] },
  },
} satisfies HandWorkedFor<typeof normalizationRules>;

describe("gradients of batch normalization", () => {
  testGradients(normalizationRules, normalizationCases, handWorked);

  it("the three gradients of the training form come from one node", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2, 3]);
    const [scale, bias] = ["scale", "bias"].map((name) => builder.input(name, "float32", [3]));
    builder.output(
      "loss",
      builder.op.reduceSum(builder.op.batchNormalizationTraining(x, scale!, bias!, 1e-5).Y),
    );
    const graph = differentiate(builder.build(), "loss", ["x", "scale", "bias"]);
    assert.equal(graph.nodes.filter(({ op }) => op === "BatchNormalizationGradient").length, 1);
  });

  it("a loss on the batch's statistics is refused", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2, 3]);
    const scale = builder.input("scale", "float32", [3]);
    builder.output(
      "loss",
      builder.op.reduceSum(builder.op.batchNormalizationTraining(x, scale, scale, 1e-5).var),
    );
    assert.throws(() => differentiate(builder.build(), "loss", ["x"]), {
      name: "GradientError",
      message:
        "/BatchNormalizationTraining (BatchNormalizationTraining): the loss uses an output other than the first, " +
        "which has no gradient rule",
    });
  });
});
