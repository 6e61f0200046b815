/** @file WebGPU in a real Chromium, on the GPU that it plays on the CPU. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Device } from "../../../src/runtime/device.js";
import { suiteBrowser, visit, type Visit } from "../../support/browser.js";
import { writePage } from "../../support/builtPage.js";
import {
  closes,
  copiesTensors,
  runsModels,
  runsOutOfRoom,
  trainsAsTheCpu,
} from "../../support/deviceSuite.js";
import { openPageDevice } from "../../support/remoteDevice.js";
import { serveFolders, type StaticServer } from "../../support/staticServer.js";
import { suiteFolder } from "../../support/temporary.js";

/** Keeps the GPU where the test finds it. */
const KEEP_GPU = `
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    return (globalThis.gpu = await request.apply(this, given));
  };
`;

function suitePage(folder: () => string): () => StaticServer {
  let server: StaticServer;
  before(async () => {
    const page = join(folder(), "page");
    await writePage("src/web/dev/device", page);
    server = await serveFolders({ "/page/": page });
  });
  after(() => server?.close());
  return () => server;
}

describe("a WebGPU device in a browser", () => {
  const folder = suiteFolder();
  const browser = suiteBrowser({ webgpu: true });
  const server = suitePage(folder);
  let here: Visit;
  let device: Device;
  before(async () => {
    here = await visit(browser(), `${server().origin}/page/`);
    device = await openPageDevice(here.page);
  });
  after(() => here?.close());

  copiesTensors(() => device);
  runsModels(() => device);

  runsOutOfRoom(() => device);
  trainsAsTheCpu(() => device, "softmax", { recipe: { batchSize: 4 }, steps: 2 });

  it("breaks no rule of the browser", () => assert.deepEqual(here.problems, []));
  closes(() => device);

  it("is told when the GPU is lost, and what to do", async () => {
    const other = await visit(browser(), `${server().origin}/page/`);
    await other.page.evaluate(KEEP_GPU);
    const lost = await openPageDevice(other.page);
    const there = await lost.allocate("float32", [2]);
    await other.page.evaluate("gpu.destroy()");
    await assert.rejects(lost.download(there, { dtype: "float32", shape: [2], data: new Float32Array(2) }), {
      code: "PROVIDER",
      message:
        /^webgpu device: the device was lost: .*; the GPU or its driver was reset: reload the page, or choose the CPU \(wasm\)$/,
    });
    await other.close();
  });
});

describe("a browser without WebGPU", () => {
  const folder = suiteFolder();
  const browser = suiteBrowser();
  const server = suitePage(folder);

  it("opens no device, with the runtime's words and what to do", async () => {
    const here = await visit(browser(), `${server().origin}/page/`);
    await assert.rejects(openPageDevice(here.page), {
      code: "PROVIDER",
      message:
        /^webgpu device: .*; this browser gives no GPU to pages: allow WebGPU in it, or choose the CPU \(wasm\)$/s,
    });
    await here.close();
  });
});
