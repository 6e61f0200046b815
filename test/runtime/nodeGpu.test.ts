/** @file onnxruntime-node's WebGPU, on the GPU that Chromium plays on the CPU, in a process of its own. */

import assert from "node:assert/strict";
import type { Device } from "../../src/runtime/device.js";
import { closes, copiesTensors, runsModels, trainsAsTheCpu } from "../support/deviceSuite.js";
import { findSwiftShader, openChildDevice } from "../support/remoteDevice.js";

const SMALL = { batchSize: 4, imageSize: 16, steps: 3 } as const;

describe("a WebGPU device in Node", () => {
  let device: Device;
  before(async function () {
    const driver = findSwiftShader();
    if (driver === null) {
      console.log(
        "      skipped: found no GPU of Chromium's, expected vk_swiftshader_icd.json; install chromium",
      );
      this.skip();
    }
    device = await openChildDevice(driver);
  });
  after(() => device?.close());
  const here = () => device;

  copiesTensors(here);
  runsModels(here);
  for (const objective of ["softmax", "nce"] as const) trainsAsTheCpu(here, { ...SMALL, objective });
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
