/** @file Training in Python by an artifact folder and ONNX Runtime alone, against the same steps in Node. */

import assert from "node:assert/strict";
import type { Recipe } from "../../../src/build/recipe.js";
import { cpuProvider } from "../../../src/evaluate/provider.js";
import { INSTANCES, prepareTraining, relativeErrors, trainOn } from "../../support/providerTraining.js";
import { requirePython } from "../../support/python.js";
import { trainInPython } from "../../support/pythonTraining.js";

const STEPS = 12;
const RATE = 0.03;
/** Relative. */
const TOLERANCE = 1e-6;

const SMALL: Partial<Recipe> = { width: 2, imageSize: 8, batchSize: 4, embeddingDim: 8 };
const RECIPES: Readonly<Record<string, Partial<Recipe>>> = {
  "the softmax over the bank, and SGD": SMALL,
  "the parametric softmax, and AdamW": {
    ...SMALL,
    objective: { name: "parametric", instances: INSTANCES },
    optimizer: {
      ...{ name: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      ...{ weightDecay: 0.01, decayNormAndBias: true },
    },
  },
};

describe("the example that trains in Python", () => {
  let python = "";
  before(function () {
    python = requirePython(this, "numpy", "onnxruntime");
  });

  for (const [name, recipe] of Object.entries(RECIPES)) {
    it(`has the losses of Node with ${name}`, async () => {
      const training = await prepareTraining({ recipe, steps: STEPS, learningRate: RATE });
      const found = await trainInPython(python, training);
      const { losses: expected } = await trainOn({ ...cpuProvider(1), device: null }, training);
      assert.equal(found.length, STEPS);
      relativeErrors(found, expected).forEach((apart, at) =>
        assert.ok(apart < TOLERANCE, `step ${at + 1}: ${found[at]}, in Node ${expected[at]}`),
      );
      assert.ok(new Set(expected).size === STEPS, "the losses differ from each other");
    });
  }
});
