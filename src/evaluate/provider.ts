/** @file Where evaluation computes. */

import type { Target } from "../lower/target.js";
import { cpu } from "../lower/targets/cpu.js";
import { openSession } from "../runtime/node.js";
import type { Session } from "../runtime/session.js";

export interface Provider {
  /** What graphs are lowered for. */
  readonly target: Target;
  /**
   * Loads a model, whose tensors come from the host and go there.
   * @param where names the model in messages
   * @throws ProviderError when the runtime refuses the model
   */
  open(model: Uint8Array, where: string): Promise<Session>;
}

/** @param threads default: as many as the machine has processors */
export function cpuProvider(threads?: number): Provider {
  return {
    target: cpu,
    open: (model, where) => openSession(model, where, { ep: "cpu", ...(threads ? { threads } : {}) }),
  };
}
