/** @file The thread that draws the map: it computes for seconds. Started by map.ts only; it has no exports. */

import { parentPort, workerData } from "node:worker_threads";
import { packError } from "../../errors.js";
import { searchNearest } from "../../evaluate/search.js";
import type { FromMapWorker, MapSetup } from "./map.js";
import { placeOnMap } from "./placeOnMap.js";

const send = (message: FromMapWorker): void => parentPort!.postMessage(message);
const { vectors, seed } = workerData as MapSetup;

try {
  const map = await placeOnMap(vectors, seed, searchNearest, (what, done, total) =>
    send({ kind: "progress", what, done, total }),
  );
  send({ kind: "done", map });
} catch (error) {
  send({ kind: "failed", error: packError(error) });
}
