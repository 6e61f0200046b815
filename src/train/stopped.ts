/** @file How a request to stop ends whatever is under way. */

import type { TrainEvent } from "./plan.js";

/** Thrown where work is broken off; it never leaves the trainer. */
export class Stopped extends Error {}

export interface TrainerHooks {
  emit(event: TrainEvent): void;
  /** true: finish the step in hand, save, and end. */
  stopRequested(): boolean;
}

/** @throws Stopped when the user has asked to stop */
export function throwIfStopped({ stopRequested }: Pick<TrainerHooks, "stopRequested">): void {
  if (stopRequested()) throw new Stopped();
}
