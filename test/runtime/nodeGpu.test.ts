/** @file onnxruntime-node's WebGPU, on the GPU that Chromium plays on the CPU, in a process of its own. */

import assert from "node:assert/strict";
import type { Recipe } from "../../src/build/recipe.js";
import { closes, copiesTensors, runsModels, runsOutOfRoom, trainsAsTheCpu } from "../support/deviceSuite.js";
import { OBJECTIVES, type TrainingCase } from "../support/providerTraining.js";
import { findSwiftShader, openChildDevice, type ChildDevice } from "../support/remoteDevice.js";

const TINY: Partial<Recipe> = { width: 2, batchSize: 2 };
/** What differs in kind between steps on a GPU: noise rows that are gathered; dropout, pooling that overlaps, large strides. */
const TRAININGS: Readonly<Record<string, TrainingCase>> = {
  softmax: { recipe: { batchSize: 4 }, steps: 3 },
  nce: { recipe: { batchSize: 4, objective: OBJECTIVES.nce }, steps: 3 },
  AlexNet: { recipe: { ...TINY, arch: "alexnet", stem: null, imageSize: 67 }, steps: 2 },
  "the ImageNet stem": { recipe: { ...TINY, arch: "resnet10", stem: "imagenet", imageSize: 32 }, steps: 2 },
};

describe("a WebGPU device in Node", () => {
  let child: ChildDevice;
  before(async function () {
    const driver = findSwiftShader();
    if (driver === null) {
      console.log(
        "      skipped: found no GPU of Chromium's, expected vk_swiftshader_icd.json; install chromium",
      );
      this.skip();
    }
    child = await openChildDevice(driver);
  });
  after(() => child?.end());
  const here = () => child.device;

  copiesTensors(here);
  runsModels(here);
  runsOutOfRoom(here);
  for (const [name, training] of Object.entries(TRAININGS)) trainsAsTheCpu(here, name, training);
  closes(here);
});

describe("a WebGPU device in Node without an adapter", () => {
  it("does not open, with the runtime's words and what to do", async () => {
    await assert.rejects(openChildDevice("/dev/null"), {
      code: "PROVIDER",
      message:
        /^webgpu device: ONNX Runtime does not load the model: .*No supported adapters.*; onnx-instdisc doctor says what webgpu lacks here, or choose --ep cpu$/s,
    });
  });
});
