/** @file The thread that trains: the runtime blocks it while a step runs. Started by run.ts only; it has no exports. */

import { parentPort, workerData } from "node:worker_threads";
import { packError } from "../errors.js";
import { openProvider } from "./openProvider.js";
import type { TrainEvent } from "./plan.js";
import type { FromTrainer, ToTrainer, TrainerSetup } from "./run.js";
import { train } from "./trainer.js";

const port = parentPort!;
const send = (message: FromTrainer): void => port.postMessage(message);
let stop = false;
const begun = new Promise<void>((resolve) =>
  port.on("message", (message: ToTrainer) => {
    if (message === "begin") resolve();
    else stop = true;
  }),
);

const { plan, command } = workerData as TrainerSetup;
const hooks = { emit: (event: TrainEvent) => send({ kind: "event", event }), stopRequested: () => stop };

try {
  const provider = await openProvider(plan);
  try {
    send({ kind: "ready" });
    await begun;
    const summary = await train(plan, provider, hooks, command);
    send({ kind: "done", summary });
  } finally {
    // Where it failed, it may fail in this too; the first error says more.
    await provider.close().catch(() => undefined);
  }
} catch (error) {
  send({ kind: "failed", error: packError(error) });
}
port.close();
