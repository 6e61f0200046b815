/** @file What the tab computes with. */

import { encodeGraph } from "../../../build/sourceGraphs.js";
import { ProviderError } from "../../../errors.js";
import { lower } from "../../../lower/lower.js";
import type { Target } from "../../../lower/target.js";
import { targetOf } from "../../../lower/targets/targetOf.js";
import type { Device } from "../../../runtime/device.js";
import type { Session } from "../../../runtime/session.js";
import { openSession, type WebFiles } from "../../../runtime/web.js";
import { openWebGpuDevice } from "../../../runtime/webGpu.js";
import { webThreads } from "../../../runtime/webThreads.js";
import { reasonAgainstGpu } from "../../engine/chooseRuntime.js";
import type { LearnSettings } from "../protocol.js";
import type { PlannedRun } from "./settle.js";

export interface Machine {
  readonly runtime: "webgpu" | "wasm";
  /** Why it is not the faster one, for a person; null: it is what was asked for. */
  readonly note: string | null;
  readonly threads: number;
  readonly files: WebFiles;
  /** What graphs are lowered for. */
  readonly target: Target;
  /** Where state and bank are while steps are taken; null: in the host's memory. */
  readonly device: Device | null;
  /** A model whose tensors come from the host and go there. @param where names it in errors */
  open(model: Uint8Array, where: string): Promise<Session>;
  close(): Promise<void>;
}

/** Beside the worker's script. */
const ASSETS = new URL("./ort/", import.meta.url);

/** @throws ProviderError when the runtime that was asked for is not there */
export async function openMachine(wish: LearnSettings["runtime"]): Promise<Machine> {
  if (wish === "wasm") return onProcessor(null);
  const gpu = (await reasonAgainstGpu(wish)) ?? (await onGpu().catch(wordsOf));
  if (typeof gpu !== "string") return gpu;
  if (wish === "auto") return onProcessor(gpu);
  throw new ProviderError(`learning: WebGPU is not available (${gpu}), available: wasm; choose wasm`);
}

/** @param note why it is not the GPU */
export function onProcessor(note: string | null): Machine {
  const threads = webThreads();
  const files = { assets: ASSETS, threads };
  return {
    ...{ runtime: "wasm", note, threads, files, target: targetOf("wasm"), device: null },
    open: (model, where) => openSession(model, where, { ep: "wasm", ...files }),
    close: () => Promise.resolve(),
  };
}

/** @throws ProviderError when the GPU does not answer */
async function onGpu(): Promise<Machine> {
  const files = { assets: ASSETS, threads: 1 };
  const device = await openWebGpuDevice(files);
  return {
    ...{ runtime: "webgpu", note: null, threads: 1, files, target: targetOf("webgpu"), device },
    open: (model, where) => device.openSession(model, where),
    close: () => device.close(),
  };
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A graph of the run as the machine runs it. @throws LoweringError when the machine lacks an operator */
export function modelOf({ runtime, target }: Machine, plan: PlannedRun, name: string): Uint8Array {
  // The portable graphs have the kernels of the CPU, which wasm has too.
  if (runtime === "wasm") return plan.files.get(name)!;
  return encodeGraph(name, lower(plan.sources.get(name)!, target), plan);
}
