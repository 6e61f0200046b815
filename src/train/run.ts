/** @file Starts a training run in a thread of its own and hands its events on. */

import { Worker } from "node:worker_threads";
import { TrainingError, unpackError, type PackedError } from "../errors.js";
import type { TrainEvent, TrainPlan, TrainSummary } from "./plan.js";

/** What the thread starts with. */
export interface TrainerSetup {
  readonly plan: TrainPlan;
  /** Arguments of the program. */
  readonly command: readonly string[];
}

export type FromTrainer =
  /** What computes is there; nothing is written yet. */
  | { readonly kind: "ready" }
  | { readonly kind: "event"; readonly event: TrainEvent }
  | { readonly kind: "done"; readonly summary: TrainSummary }
  | { readonly kind: "failed"; readonly error: PackedError };

export type ToTrainer = "begin" | "stop";

export interface TrainRun {
  /** @throws what the run failed with, of its class */
  readonly summary: Promise<TrainSummary>;
  /** Ends the run after the step in hand; its state is written. */
  stop(): void;
}

/** @param prepare readies the run folder, once it is sure that the provider is there */
export function startTraining(
  plan: TrainPlan,
  onEvent: (event: TrainEvent) => void,
  prepare: () => Promise<void> = () => Promise.resolve(),
): TrainRun {
  // The runtime reads this when it loads, and a thread has only a copy of the environment.
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
  const setup: TrainerSetup = { plan, command: process.argv.slice(2) };
  const worker = new Worker(new URL("./trainWorker.js", import.meta.url), { workerData: setup });
  const tell = (message: ToTrainer) => worker.postMessage(message);
  const summary = new Promise<TrainSummary>((resolve, reject) => {
    const giveUp = (error: unknown) => {
      reject(error instanceof Error ? error : new Error(String(error)));
      void worker.terminate();
    };
    worker.on("message", (message: FromTrainer) => {
      if (message.kind === "ready") void prepare().then(() => tell("begin"), giveUp);
      else if (message.kind === "event") onEvent(message.event);
      else if (message.kind === "done") resolve(message.summary);
      else reject(unpackError(message.error));
    });
    worker.on("error", reject);
    worker.on("exit", (code) =>
      reject(
        new TrainingError(
          `training thread: ended with code ${code} before its result; run again with fewer threads or a smaller batch`,
        ),
      ),
    );
  });
  return { summary, stop: () => tell("stop") };
}
