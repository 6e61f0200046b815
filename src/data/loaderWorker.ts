/**
 * @file Entry of the loader's worker threads: makes one batch at a time.
 * Started by loader.ts only; it has no exports.
 */

import { parentPort, workerData } from "node:worker_threads";
import { packError } from "../errors.js";
import { BatchMaker } from "./batchMaker.js";
import { openDataset } from "./dataset.js";
import type { FromWorker, MakeBatch, ToWorker, WorkerSetup } from "./loaderProtocol.js";
import { cachePictures } from "./pictureCache.js";

const port = parentPort;
if (port === null) throw new Error("loaderWorker: found no parent thread; start it through createLoader");
const { source, transform, strict, store } = workerData as WorkerSetup;

async function openMaker(): Promise<BatchMaker> {
  const dataset = await openDataset(source);
  const read = cachePictures((row) => dataset.picture(row), store);
  return new BatchMaker({ dataset, read, transform, strict });
}

const maker = openMaker();
maker.catch(() => undefined); // every batch awaits it again and reports the error

let stopping = false;
let lastJob = Promise.resolve();

async function make(job: MakeBatch): Promise<void> {
  const { step, pixelValues } = job;
  const reply = (message: FromWorker, moved: ArrayBuffer[]): void => port!.postMessage(message, moved);
  try {
    const { rows, broken } = await (await maker).fill(job, () => stopping);
    if (!stopping) reply({ kind: "made", step, pixelValues, rows, broken }, [pixelValues.buffer]);
  } catch (error) {
    reply({ kind: "failed", step, error: packError(error) }, []);
  }
}

port.on("message", (message: ToWorker) => {
  if (message.kind === "stop") {
    stopping = true;
    void lastJob.then(() => port.close()); // nothing keeps the thread alive then
  } else {
    lastJob = lastJob.then(() => (stopping ? undefined : make(message)));
  }
});
