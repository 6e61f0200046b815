/** @file Draws the map of a collection in a thread of its own. */

import { Worker } from "node:worker_threads";
import { InstdiscError, unpackError, type PackedError } from "../../errors.js";
import type { Vectors } from "../../search/vectors.js";
import type { TellProgress } from "../progress.js";
import { FEWEST, SEED } from "./mapRules.js";

/** What the thread starts with. */
export interface MapSetup {
  readonly vectors: Vectors;
  readonly seed: number;
}

export type FromMapWorker =
  | { readonly kind: "progress"; readonly what: string; readonly done: number; readonly total: number }
  | { readonly kind: "done"; readonly map: Float32Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly error: PackedError };

/** @returns [count, 2] in [-1, 1]; null where there are too few for a map */
export function drawMap(vectors: Vectors, tell: TellProgress): Promise<Float32Array<ArrayBuffer> | null> {
  if (vectors.count < FEWEST) return Promise.resolve(null);
  // The runtime reads this when it loads, and a thread has only a copy of the environment.
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
  const setup: MapSetup = { vectors, seed: SEED };
  const worker = new Worker(new URL("./mapWorker.js", import.meta.url), { workerData: setup });
  return new Promise((resolve, reject) => {
    worker.on("message", (message: FromMapWorker) => {
      if (message.kind === "progress") tell(message.what, message.done, message.total);
      else if (message.kind === "done") resolve(message.map);
      else reject(unpackError(message.error));
    });
    worker.on("error", reject);
    worker.on("exit", (code) =>
      reject(
        new InstdiscError(
          `map: its thread ended with code ${code} before the result, expected a map; free some memory and try again`,
        ),
      ),
    );
  });
}
