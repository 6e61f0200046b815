/** @file A process that is nothing but onnxruntime-node's WebGPU device, for its parent: test/support/remoteDevice.ts. */

import { openNodeGpuDevice } from "../../src/runtime/nodeGpu.js";
import { serveDevice, type Question } from "../../src/web/dev/device/serveDevice.js";

const say = (message: unknown): void => void process.send!(message);

try {
  const ask = serveDevice(await openNodeGpuDevice());
  process.on("message", (question) => void ask(question as Question).then(say));
  say(null);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
}
