/**
 * @file A page that is nothing but a device, or the sessions of its processor, asked by test/support/remoteDevice.ts. Never
 * shipped.
 */

import { openSession } from "../../../runtime/web.js";
import { openWebGpuDevice } from "../../../runtime/webGpu.js";
import { serveDevice, type Answer, type PageProvider, type Question, type Served } from "./serveDevice.js";

const FILES = { assets: new URL("./ort/", location.href), threads: 1 };

let ask: ((question: Question) => Promise<Answer>) | null = null;

const PROCESSOR: Served = {
  openSession: (model, where) => openSession(model, where, { ep: "wasm", ...FILES }),
  close: () => Promise.resolve(),
};

const harness = {
  /** @returns what the device said when it did not open; null: it is open */
  async open(provider: PageProvider): Promise<string | null> {
    try {
      ask = serveDevice(provider === "wasm" ? PROCESSOR : await openWebGpuDevice(FILES));
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },
  ask: (question: Question) => ask!(question),
};

Object.assign(globalThis, { harness });
