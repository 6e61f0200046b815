/** @file A thread of the scan: searches its part of the rows when told to. */

import { parentPort, workerData } from "node:worker_threads";
import { packError } from "../errors.js";
import { scanRange } from "./rangeScan.js";
import { sharedScanKernel } from "./scanKernel.js";
import { Selection, type Candidates } from "./selection.js";
import type { FromThread, ThreadSetup, ToThread } from "./threadsProtocol.js";

const port = parentPort!;
const { dim, memory, scratch } = workerData as ThreadSetup;
const place = { dim, memory, scratch, kernel: sharedScanKernel(memory) };

function search({ query, k, bounded, segments, range }: ToThread): Candidates {
  const selection = new Selection(k);
  scanRange(place, segments, query, range, bounded, (block) => selection.add(block));
  return selection.finish();
}

function answer(request: ToThread): FromThread {
  try {
    return { kind: "found", candidates: search(request) };
  } catch (error) {
    return { kind: "failed", error: packError(error) };
  }
}

port.on("message", (request: ToThread) => port.postMessage(answer(request)));
