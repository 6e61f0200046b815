/**
 * @file Does this machine's GPU train as the CPU does? Each question about the provider, with its answer.
 *
 *     node dist/tools/gpu/check.js [--ep cuda|cpu] [--steps 5] [--networks "resnet18 at 32 px,resnet50 at 64 px"]
 *         [--run-steps 20]
 *
 * Opens a device; lowers and opens the steps of some networks in every precision, where no node may fall back to the CPU;
 * compares losses with those of the CPU; captures a step where the provider can; lets `train` run on the embedded sample
 * (--run-steps 0: not). Prints one line for each, and ends with 1 where an answer is no.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { initializeUnitBank } from "../../src/build/initialize.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import type { Precision } from "../../src/ir/precision.js";
import { makePixels, SEED } from "../bench/stepCases.js";
import { runTraining } from "../child.js";
import { openDeviceStep } from "./deviceStep.js";
import { lossesOf } from "./metrics.js";
import { EPS, openDevice, type DeviceChoice, type Ep } from "./openDevice.js";

const RECIPES: Readonly<Record<string, Partial<Recipe>>> = {
  "resnet18 at 32 px": { arch: "resnet18", width: 8 },
  "resnet50 at 64 px": { arch: "resnet50", stem: "imagenet", width: 8, imageSize: 64 },
};
const { values: given } = parseArgs({
  options: {
    ep: { type: "string", default: "cuda" },
    steps: { type: "string", default: "5" },
    networks: { type: "string", default: Object.keys(RECIPES).join(",") },
    "run-steps": { type: "string", default: "20" },
  },
});
const ep = given.ep as Ep;
if (!EPS.includes(ep)) throw new Error(`--ep: found ${ep}, expected ${EPS.join(" or ")}`);
const steps = Number(given.steps);
const INSTANCES = 64;
/** Relative, of the first loss and of the last one. */
const TOLERANCES: Readonly<Record<string, readonly [number, number]>> = {
  "fp32, TF32 off": [1e-4, 1e-2],
  "fp32, TF32 on": [2e-3, 3e-2],
  fp16: [5e-3, 5e-2],
  bf16: [2e-2, 1e-1],
};
/** Of a run: pictures that are augmented elsewhere differ in their last digits. */
const RUN_TOLERANCE = [1e-2, 5e-2] as const;

async function losses(network: Partial<Recipe>, choice: DeviceChoice, precision: Precision) {
  const recipe: Recipe = { ...DEFAULT_RECIPE, batchSize: 16, embeddingDim: 16, ...network };
  const device = await openDevice(choice);
  try {
    const { step } = await openDeviceStep(device, {
      ...{ side: { ...choice, precision }, recipe, tune: "off" },
      bank: initializeUnitBank(INSTANCES, recipe.embeddingDim, SEED),
    });
    const pixelValues = makePixels(recipe);
    const rows = Int32Array.from({ length: recipe.batchSize }, (_, at) => at);
    const found: number[] = [];
    for (let at = 0; at < steps; at++)
      found.push(await step.run({ pixelValues, rows, step: at }, 0.01, `step ${at + 1}`));
    return found;
  } finally {
    await device.close();
  }
}

let failures = 0;
async function ask(question: string, answer: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`yes  ${question}: ${await answer()}\n`);
  } catch (error) {
    failures++;
    process.stdout.write(`NO   ${question}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function compared(
  found: readonly number[],
  expected: readonly number[],
  tolerances: readonly number[],
): string {
  const error = (at: number) => Math.abs(found.at(at)! / expected.at(at)! - 1);
  const text =
    `first loss differs by ${error(0).toExponential(1)}, ` +
    `the one of step ${expected.length} by ${error(-1).toExponential(1)}`;
  const isClose = error(0) <= tolerances[0]! && error(-1) <= tolerances[1]!;
  if (isClose && found.length === expected.length) return text;
  throw new Error(`${text}; expected at most ${tolerances.join(" and ")}, of as many steps`);
}

async function checkNetwork(network: string): Promise<void> {
  const recipe = RECIPES[network];
  if (recipe === undefined)
    throw new Error(`--networks: found ${network}, expected ${Object.keys(RECIPES).join(", ")}`);
  const expected = await losses(recipe, { ...plain, ep: "cpu" }, "fp32");
  for (const [way, tolerances] of Object.entries(TOLERANCES)) {
    const precision = (way.startsWith("fp32") ? "fp32" : way) as Precision;
    if (ep === "cpu" && (precision === "bf16" || way === "fp32, TF32 on")) continue; // none there
    const choice = { ...plain, tf32: way !== "fp32, TF32 off" };
    await ask(`${network}, ${way}, runs on ${ep} alone and agrees with the CPU`, async () =>
      compared(await losses(recipe, choice, precision), expected, tolerances),
    );
  }
  if (ep !== "cuda") return;
  await ask(`${network} is captured`, async () =>
    compared(await losses(recipe, { ...plain, captureGraph: true }, "fp32"), expected, [1e-4, 1e-2]),
  );
}

/** Augmentation, bank, evaluation and export among it. */
async function checkRuns(folder: string): Promise<void> {
  const run = async (name: string, options: readonly string[]) => {
    const out = join(folder, name);
    await runTraining(["--out", out, "--steps", given["run-steps"], "--tune", "off", ...options]);
    return lossesOf(out);
  };
  let expected: readonly number[] = [];
  await ask("train runs on the CPU", async () => {
    expected = await run("cpu", []);
    return `${expected.length} steps`;
  });
  const ways: Readonly<Record<string, readonly string[]>> =
    ep === "cpu" ? { "as before": [] } : { "TF32 off": ["--tf32", "off"], captured: ["--cuda-graph", "on"] };
  for (const [way, options] of Object.entries(ways))
    await ask(`train runs on ${ep}, ${way}, from end to end, and agrees with the CPU`, async () =>
      compared(await run(way, ["--ep", ep, ...options]), expected, RUN_TOLERANCE),
    );
}

const plain: DeviceChoice = { ep, tf32: false, captureGraph: false };
await ask(`the provider ${ep} opens`, async () => {
  await (await openDevice(plain)).close();
  return "a device was opened and closed";
});
if (failures === 0) {
  for (const network of given.networks.split(",").filter((word) => word !== "")) await checkNetwork(network);
  const folder = mkdtempSync(join(tmpdir(), "instdisc-gpu-check-"));
  try {
    if (Number(given["run-steps"]) > 0) await checkRuns(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exitCode = failures > 0 ? 1 : 0;
