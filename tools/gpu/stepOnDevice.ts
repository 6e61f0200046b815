/**
 * @file Our side of step.ts, which starts it: training steps on a device.
 *
 *     node dist/tools/gpu/stepOnDevice.js FOLDER EP WAY
 *
 * FOLDER is of writeCase in ../bench/stepCases.ts; the case says how the step is tuned. Prints a line of JSON once the step
 * is ready. Then it reads lines: for a number of steps it takes as many and prints {"seconds": ..., "losses": [...]}; for
 * "details" it prints {"parts": ..., "bytesOverBus": ...}: seconds of a step's operators alone (parts.ts), and what crossed
 * in the steps taken last.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { StepFacts } from "../bench/stepCases.js";
import { counting } from "./counting.js";
import { openDeviceStep } from "./deviceStep.js";
import { openDevice, sideOf, type Ep } from "./openDevice.js";
import { partSeconds } from "./parts.js";

const [folder, ep, way] = process.argv.slice(2) as [string, Ep, string];
const facts = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as StepFacts;
const read = (name: string): ArrayBuffer => Uint8Array.from(readFileSync(join(folder, name))).buffer;
const say = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

const bytesBefore = process.memoryUsage.rss();
const side = sideOf(ep, way);
const crossed = { in: 0, out: 0 };
const device = counting(await openDevice(side), crossed);
const { recipe, tune, learningRate } = facts;
const opened = await openDeviceStep(device, {
  ...{ side, recipe, tune },
  bank: new Float32Array(read("bank.f32")),
});
const pixelValues = new Float32Array(read("pixels.f32"));
const rows = Int32Array.from(new BigInt64Array(read("rows.i64")), Number);

let taken = 0;
let bytesOverBus = 0;
async function take(steps: number) {
  const losses: number[] = [];
  Object.assign(crossed, { in: 0, out: 0 });
  const began = performance.now();
  for (let at = 0; at < steps; at++, taken++)
    losses.push(await opened.step.run({ pixelValues, rows, step: taken }, learningRate, `step ${taken + 1}`));
  const seconds = (performance.now() - began) / 1000;
  bytesOverBus = (crossed.in + crossed.out) / steps;
  return { seconds, losses };
}

const details = async () => ({ bytesOverBus, parts: await partSeconds(device, opened) });

say({ versions: { node: process.version }, bytesBefore });
for await (const line of createInterface(process.stdin))
  say(line === "details" ? await details() : await take(Number(line)));
await device.close();
