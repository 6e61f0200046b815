/** @file The thread that trains: the runtime blocks it while a step runs. Started by run.ts only; it has no exports. */

import { parentPort } from "node:worker_threads";
import { packError } from "../errors.js";
import { runtimeVersion } from "../runtime/node.js";
import { openProvider } from "./openProvider.js";
import type { TrainEvent } from "./plan.js";
import type { FromTrainer, ToTrainer, TrainerSetup } from "./run.js";
import { train } from "./trainer.js";

const port = parentPort!;
const send = (message: FromTrainer): void => port.postMessage(message);
let stop = false;
const begun = new Promise<void>((begin) =>
  port.on("message", (message: ToTrainer) => {
    if (message === "begin") begin();
    else if (message === "stop") stop = true;
    else void run(message);
  }),
);
// Loads the runtime while there is nothing else to do; what is wrong with it is told when it is used.
runtimeVersion().catch(() => undefined);

async function run({ plan, command }: TrainerSetup): Promise<void> {
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
}
