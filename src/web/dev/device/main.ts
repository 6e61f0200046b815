/** @file A page that is nothing but a device, asked by test/web/device.test.ts. Never shipped. */

import { openWebGpuDevice } from "../../../runtime/webGpu.js";
import { serveDevice, type Answer, type Question } from "./serveDevice.js";

let ask: ((question: Question) => Promise<Answer>) | null = null;

const harness = {
  /** @returns what the device said when it did not open; null: it is open */
  async open(): Promise<string | null> {
    try {
      ask = serveDevice(await openWebGpuDevice({ assets: new URL("./ort/", location.href), threads: 1 }));
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },
  ask: (question: Question) => ask!(question),
};

Object.assign(globalThis, { harness });
