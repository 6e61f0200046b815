/** @file The thread that trains: the runtime blocks it while a step runs. Started by run.ts only; it has no exports. */

import { parentPort } from "node:worker_threads";
import { packError } from "../errors.js";
import { runtimeVersion } from "../runtime/node.js";
import type { TrainEvent } from "./plan.js";
import type { FromTrainer, ToTrainer, TrainerSetup } from "./run.js";
import { train } from "./trainer.js";

const send = (message: FromTrainer): void => parentPort!.postMessage(message);
let stop = false;
parentPort!.on("message", (message: ToTrainer) => {
  if (message === "stop") stop = true;
  else void run(message);
});
// Loads the runtime while there is nothing else to do; what is wrong with it is told when it is used.
runtimeVersion().catch(() => undefined);

async function run({ plan, command }: TrainerSetup): Promise<void> {
  const hooks = { emit: (event: TrainEvent) => send({ kind: "event", event }), stopRequested: () => stop };
  try {
    const summary = await train(plan, hooks, command);
    send({ kind: "done", summary });
  } catch (error) {
    send({ kind: "failed", error: packError(error) });
  }
  parentPort!.close();
}
