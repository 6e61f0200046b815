/** @file How a session computes. */

import { availableParallelism } from "node:os";
import type { OrtApi } from "./api.js";
import { appendCuda, type CudaProviderOptions } from "./cuda.js";
import { LOG_ERRORS } from "./env.js";
import { Handle, made } from "./handle.js";

export interface NativeSessionOptions {
  /** Threads that compute one operator; default: as many as the machine has processors. */
  readonly threads?: number;
  /** Under the runtime's names. */
  readonly config: Readonly<Record<string, string>>;
  /** Where it computes; without: on the CPU. */
  readonly cuda?: CudaProviderOptions;
}

/** Nodes that a provider does not take are an error, never left to the CPU. */
const NO_FALLBACK = "session.disable_cpu_ep_fallback";

/** @throws OrtError when the provider is not there */
export function sessionOptions(api: OrtApi, { threads, config, cuda }: NativeSessionOptions): Handle {
  const options = new Handle(
    "session options",
    made((place) => api.CreateSessionOptions(place)),
    api.ReleaseSessionOptions,
  );
  try {
    api.SetIntraOpNumThreads(options.address, threads ?? availableParallelism());
    api.SetSessionLogSeverityLevel(options.address, LOG_ERRORS);
    // As in the stock binding's door: planned memory takes half as much again, and no less time.
    api.DisableMemPattern(options.address);
    const entries = { ...config, ...(cuda ? { [NO_FALLBACK]: "1" } : {}) };
    for (const [key, value] of Object.entries(entries))
      api.AddSessionConfigEntry(options.address, key, value);
    if (cuda) appendCuda(api, options, cuda);
    return options;
  } catch (error) {
    options.close();
    throw error;
  }
}
