/** @file The two optimizer models in the official TrainingSession, on a loss whose gradient is known: Σ w·x. */

import assert from "node:assert/strict";
import { writeCheckpoint } from "../../src/artifact/ortTraining/checkpoint.js";
import { ORT_TRAINING_FILES } from "../../src/build/ortTraining/buildOrtTraining.js";
import { ortEvalGraph, ortTrainingGraph } from "../../src/build/ortTraining/trainingGraphs.js";
import { encodeModel } from "../../src/codec/encode.js";
import { encodeOptimizerModel, ORT_OPTIMIZERS, type OrtOptimizer } from "../../src/codec/optimizerModel.js";
import type { Graph } from "../../src/ir/graph.js";
import { fromFloat32 } from "../../src/ir/rawTensor.js";
import { lower } from "../../src/lower/lower.js";
import { onDevice } from "../../src/lower/targets/onDevice.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { floats } from "../../src/runtime/session.js";
import { adamw, sgd } from "../support/hostTraining.js";
import { OfficialSession } from "../support/ortTraining.js";

/** Two large, whose decay in a step is as large as the step; one small, whose steps are told apart to 1e-8. */
const START = [100, -50, 0.01];
const GRADIENTS = [
  [1, -2, 0.5],
  [3, 0.25, 2],
  [-1, 1, -1],
  [2, 2, 4],
];

function product(): Graph {
  const builder = new GraphBuilder("product");
  const x = builder.input("x", "float32", [3]);
  const w = builder.parameter("w", [3], { kind: "constant", value: 0 });
  builder.output("loss", builder.op.reduceSum(builder.op.mul(w, x)));
  return builder.build();
}

function filesOf(optimizer: OrtOptimizer): Map<string, Uint8Array> {
  const encode = (graph: Graph) => encodeModel(lower(graph, onDevice), { producerVersion: "test" });
  const trainable = new Map([["w", fromFloat32(Float32Array.from(START), [3])]]);
  const state = { trainable, frozen: new Map(), optimizer: null };
  return new Map([
    [ORT_TRAINING_FILES.training, encode(ortTrainingGraph(product()))],
    [ORT_TRAINING_FILES.eval, encode(ortEvalGraph(product()))],
    [ORT_TRAINING_FILES.optimizer, encodeOptimizerModel(optimizer, "test")],
    [
      ORT_TRAINING_FILES.checkpoint,
      writeCheckpoint({ ...state, properties: new Map([["epoch", { kind: "int", value: 3 }]]) }),
    ],
  ]);
}

describe("the optimizer models of on-device training", () => {
  for (const optimizer of ORT_OPTIMIZERS) {
    it(`${optimizer} takes the steps of its equations`, async () => {
      const official = await OfficialSession.open(filesOf(optimizer));
      const weight = Float32Array.from(START);
      const moments = { first: new Float32Array(3), second: new Float32Array(3) };
      for (const [at, numbers] of GRADIENTS.entries()) {
        const gradient = Float32Array.from(numbers);
        await official.train(new Map([["x", floats([3], gradient)]]));
        if (optimizer === "adamw") adamw(weight, gradient, moments, at + 1);
        else sgd(weight, gradient);
        const found = await official.parameters();
        // float32 resolves a weight to 6e-8 of its size.
        const [shown, expected] = [found.join(", "), weight.join(", ")];
        found.forEach((number, axis) => {
          const allowed = 2e-7 * Math.abs(weight[axis]!) + 1e-8;
          assert.ok(Math.abs(number - weight[axis]!) < allowed, `step ${at}: ${shown}, expected ${expected}`);
        });
      }
      await official.close();
    });
  }
});
