/**
 * @file A process whose end, and that of its threads, is looked at: it computes on a native device for some seconds.
 * Argument: what it does meanwhile. Prints "running", then what it does.
 */

import { isMainThread, Worker } from "node:worker_threads";
import { openNativeDevice } from "../../src/runtime/nativeDevice.js";
import { floats } from "../../src/runtime/session.js";
import { powers } from "./nativeModels.js";

const SIDE = 256;
const LONG = 2000;

async function compute(times: number, meanwhile: () => void = () => {}, closes = false): Promise<number> {
  const device = await openNativeDevice({ ep: "cpu", threads: 1 });
  const session = await device.openSession(powers(SIDE, times), "powers");
  const [x, y] = [floats([SIDE, SIDE]), floats([SIDE, SIDE])];
  for (let at = 0; at < SIDE; at++) x.data[at * (SIDE + 1)] = 1;
  const run = session.run(new Map([["x", x]]), new Map([["y", y]]));
  process.stdout.write("running\n");
  setTimeout(meanwhile, 0);
  await run;
  if (closes) await device.close();
  return y.data.reduce((sum, value) => sum + value, 0);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const worker = (times: number) =>
  new Worker(`import(${JSON.stringify(import.meta.url)}).then(({ compute }) => compute(${times}))`, {
    eval: true,
  });

const DO: Readonly<Record<string, () => unknown>> = {
  /** Ends without a word to the device. */
  leave: async () => print(`trace ${await compute(2)}`),
  /** Gives everything back, as does the thread at its end. */
  close: async () => print(`trace ${await compute(2, undefined, true)}`),
  exit: () => compute(LONG, () => process.exit(3)),
  interrupt: () => compute(LONG, () => process.kill(process.pid, "SIGINT")),
  throw: () =>
    compute(LONG, () => {
      throw new Error("meanwhile");
    }),
  /** Two threads at once, and the main one after them. */
  threads: async () => {
    const ended = [worker(20), worker(20)].map((one) => new Promise((resolve) => one.once("exit", resolve)));
    print(`threads end with ${(await Promise.all(ended)).join()}`);
    print(`trace ${await compute(2)}`);
  },
  terminate: async () => {
    const one = worker(LONG);
    await new Promise((resolve) => one.stdout.once("data", resolve));
    print(`thread ends with ${await one.terminate()}`);
    print(`trace ${await compute(2)}`);
  },
};

export { compute };
if (isMainThread) await DO[process.argv[2]!]!();
