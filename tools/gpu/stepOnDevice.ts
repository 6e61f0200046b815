/**
 * @file Our side of step.ts, which starts it: training steps on a device.
 *
 *     node dist/tools/gpu/stepOnDevice.js FOLDER EP PRECISION TF32 CAPTURE
 *
 * FOLDER is of writeCase in ../bench/stepCases.ts. Prints a line of JSON once the step is ready, then, for each number of
 * steps read from stdin, takes as many and prints {"seconds": ..., "losses": [...]}.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { trainStepGraph } from "../../graphs/index.js";
import { checkRecipe } from "../../src/build/recipe.js";
import type { Precision } from "../../src/ir/precision.js";
import { cuda } from "../../src/lower/targets/cuda.js";
import { simplify } from "../../src/lower/simplify.js";
import { SEED, type StepFacts } from "../bench/stepCases.js";
import { DeviceStep } from "./deviceStep.js";
import { openDevice, type Ep } from "./openDevice.js";

const [folder, ep, precision, tf32, capture] = process.argv.slice(2) as [
  string,
  Ep,
  Precision,
  string,
  string,
];
const facts = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as StepFacts;
const read = (name: string): ArrayBuffer => Uint8Array.from(readFileSync(join(folder, name))).buffer;
const say = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

const bytesBefore = process.memoryUsage.rss();
const device = await openDevice({ ep, tf32: tf32 === "on", captureGraph: capture === "on" });
const step = await DeviceStep.open(
  device,
  { ...cuda, ep },
  simplify(trainStepGraph(checkRecipe(facts.recipe))),
  precision,
  {
    pixels: new Float32Array(read("pixels.f32")),
    bank: new Float32Array(read("bank.f32")),
    rows: new BigInt64Array(read("rows.i64")),
    learningRate: facts.learningRate,
    seed: SEED,
  },
);
say({ versions: { node: process.version }, bytesBefore, bytesOverBus: step.bytesOverBus });
for await (const line of createInterface(process.stdin)) {
  const losses: number[] = [];
  const began = performance.now();
  for (let at = 0; at < Number(line); at++) losses.push(await step.take());
  say({ seconds: (performance.now() - began) / 1000, losses });
}
await device.close();
