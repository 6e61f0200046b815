/** @file What all sessions of a process share: the runtime keeps one, however many ask for it. */

import { openApi, type Address, type OrtApi } from "./api.js";
import { liveHandles, made } from "./handle.js";

/** Only errors: the runtime would write its warnings to stderr, between the lines of the progress bar. */
export const LOG_ERRORS = 3;

export interface Runtime {
  readonly api: OrtApi;
  readonly env: Address;
}

let runtime: Promise<Runtime> | null = null;

/**
 * It is this thread's until the thread ends: sessions of other threads, and of the stock binding, have their own share.
 * @throws ProviderError when the library does not load
 */
export function openRuntime(): Promise<Runtime> {
  runtime ??= start().catch((error: unknown) => {
    runtime = null;
    throw error;
  });
  return runtime;
}

async function start(): Promise<Runtime> {
  const api = await openApi();
  const env = made((place) => api.CreateEnv(LOG_ERRORS, "onnx-instdisc", place));
  api.DisableTelemetryEvents(env);
  process.once("exit", () => giveBack(api, env));
  return { api, env };
}

/**
 * A process whose sessions on CUDA are all closed, and this is not given back, ends with a segmentation fault: the
 * provider's library then outlives the one that it calls. What is open still may be computing, and keeps both.
 */
function giveBack(api: OrtApi, env: Address): void {
  if (liveHandles() === 0) api.ReleaseEnv(env);
}
