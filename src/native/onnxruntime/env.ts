/** @file What all sessions of a process share: the runtime keeps one, however many ask for it. */

import { openApi, type Address, type OrtApi } from "./api.js";
import { made } from "./handle.js";

/** Only errors: the runtime would write its warnings to stderr, between the lines of the progress bar. */
export const LOG_ERRORS = 3;

export interface Runtime {
  readonly api: OrtApi;
  readonly env: Address;
}

let runtime: Promise<Runtime> | null = null;

/**
 * It is never given back: sessions of other threads, and of the stock binding, go on with it.
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
  return { api, env };
}
