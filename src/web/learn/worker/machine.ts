/** @file What the tab computes with. */

import { ProviderError } from "../../../errors.js";
import { webThreads } from "../../../runtime/webThreads.js";
import { openSession } from "../../../runtime/web.js";
import type { Session } from "../../../runtime/session.js";
import { reasonAgainstGpu } from "../../engine/chooseRuntime.js";
import type { LearnSettings } from "../protocol.js";

export interface Machine {
  readonly runtime: "webgpu" | "wasm";
  /** Why it is not the faster one, for a person; null: it is what was asked for. */
  readonly note: string | null;
  readonly threads: number;
  /** @param where names the model in errors */
  open(model: Uint8Array, where: string): Promise<Session>;
}

/** Beside the worker's script. */
const ASSETS = new URL("./ort/", import.meta.url);

/** @throws ProviderError when the runtime that was asked for is not there */
export async function openMachine(wish: LearnSettings["runtime"]): Promise<Machine> {
  const without = wish === "wasm" ? null : ((await reasonAgainstGpu(wish)) ?? NOT_YET);
  if (wish === "webgpu") {
    throw new ProviderError(`learning: WebGPU is not available (${without}), available: wasm; choose wasm`);
  }
  const threads = webThreads();
  return {
    ...{ runtime: "wasm", note: without, threads },
    open: (model, where) => openSession(model, where, { ep: "wasm", assets: ASSETS, threads }),
  };
}

const NOT_YET = "this version learns on the processor";
