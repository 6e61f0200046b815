/**
 * @file Entry of the loader's worker threads: makes one batch at a time, for one loader after the other.
 * Started by loaderThread.ts only; it has no exports.
 */

import { parentPort } from "node:worker_threads";
import { packError } from "../errors.js";
import { BatchMaker } from "./batchMaker.js";
import { openDataset } from "./dataset.js";
import type { FromWorker, MakeBatch, ToWorker, WorkerSetup } from "./loaderProtocol.js";
import { cachePictures } from "./pictureCache.js";

const port = parentPort;
if (port === null) throw new Error("loaderWorker: found no parent thread; start it through createLoader");

async function openMaker({ source, transform, strict, store }: WorkerSetup): Promise<BatchMaker> {
  const dataset = await openDataset(source);
  const read = cachePictures((row) => dataset.picture(row), store);
  return new BatchMaker({ dataset, read, transform, strict });
}

/** null: no loader is to be worked for. */
let maker: Promise<BatchMaker> | null = null;
let stopping = false;
let lastJob = Promise.resolve();

function begin(setup: WorkerSetup): void {
  stopping = false;
  maker = openMaker(setup);
  maker.catch(() => undefined); // every batch awaits it again and reports the error
}

async function make(job: MakeBatch): Promise<void> {
  const { step, pixelValues } = job;
  const reply = (message: FromWorker, moved: ArrayBuffer[]): void => port!.postMessage(message, moved);
  try {
    const { rows, broken } = await (await maker!).fill(job, () => stopping);
    if (!stopping) reply({ kind: "made", step, pixelValues, rows, broken }, [pixelValues.buffer]);
  } catch (error) {
    reply({ kind: "failed", step, error: packError(error) }, []);
  }
}

/** Calls `then` once the pictures in hand are done; what was asked for besides is dropped. */
function leave(then: () => void): void {
  stopping = true;
  void lastJob.then(() => {
    maker = null;
    then();
  });
}

port.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "begin":
      return begin(message.setup);
    case "make":
      lastJob = lastJob.then(() => (stopping ? undefined : make(message)));
      return;
    case "leave":
      return leave(() => port.postMessage({ kind: "left" } satisfies FromWorker));
    case "stop":
      return leave(() => port.close()); // nothing keeps the thread alive then
  }
});
