/**
 * @file Entry of the loader's worker threads: decodes and transforms the pictures of one batch at a time.
 * Started by loader.ts only; it has no exports.
 */

import { parentPort, workerData } from "node:worker_threads";
import { openDataset } from "./dataset.js";
import type { FromWorker, MakeBatch, ToWorker, WorkerSetup } from "./loaderProtocol.js";
import { packError } from "../errors.js";
import { createTransform } from "./transform.js";

/** Pictures being decoded at once: libuv's pool, which runs sharp, has four threads by default. */
const LANES = 4;

const port = parentPort;
if (port === null) throw new Error("loaderWorker: found no parent thread; start it through createLoader");
const setup = workerData as WorkerSetup;

const dataset = openDataset(setup.source, setup.cacheBytes);
dataset.catch(() => undefined); // every batch awaits it again and reports the error
const transform = createTransform(setup.transform);
const { imageSize } = setup.transform;

let stopping = false;
let lastJob = Promise.resolve();

/**
 * Fills a batch with several lanes that take the next picture each. A lane that fails ends all; since
 * pictures are taken in order, the lowest failed slot, whose error is thrown, does not depend on timing.
 */
async function fill({ epoch, rows, pixelValues }: MakeBatch): Promise<void> {
  const pictures = await dataset;
  const length = 3 * imageSize * imageSize;
  const failures = new Map<number, unknown>();
  let taken = 0;
  async function lane(): Promise<void> {
    while (taken < rows.length && failures.size === 0 && !stopping) {
      const slot = taken++;
      const row = rows[slot]!;
      try {
        transform(await pictures.picture(row), epoch, row, pixelValues, slot * length);
      } catch (error) {
        failures.set(slot, error);
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  pixelValues.fill(0, rows.length * length); // a partial batch must not show an earlier one's pictures
}

async function make(job: MakeBatch): Promise<void> {
  const { step, pixelValues } = job;
  const reply = (message: FromWorker, moved: ArrayBuffer[]): void => port!.postMessage(message, moved);
  try {
    await fill(job);
    if (!stopping) reply({ kind: "made", step, pixelValues }, [pixelValues.buffer]);
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
