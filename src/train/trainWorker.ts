/** @file The thread that trains: the runtime blocks it while a step runs. Started by run.ts only; it has no exports. */

import { parentPort, workerData } from "node:worker_threads";
import { packError } from "../errors.js";
import type { TrainEvent } from "./plan.js";
import type { FromTrainer, TrainerSetup } from "./run.js";
import { train } from "./trainer.js";

const send = (message: FromTrainer): void => parentPort!.postMessage(message);
let stop = false;
parentPort!.on("message", () => (stop = true));

const { plan, command } = workerData as TrainerSetup;
const hooks = { emit: (event: TrainEvent) => send({ kind: "event", event }), stopRequested: () => stop };

try {
  const summary = await train(plan, hooks, command);
  send({ kind: "done", summary });
} catch (error) {
  send({ kind: "failed", error: packError(error) });
}
parentPort!.close();
