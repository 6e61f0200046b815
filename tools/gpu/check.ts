/**
 * @file Does this machine's GPU train as the CPU does? Each question about the provider, with its answer.
 *
 *     node dist/tools/gpu/check.js [--ep cuda|cpu] [--steps 5]
 *
 * Opens a device; lowers and opens the steps of some networks in every precision, where no node may fall back to the CPU;
 * compares losses with those of the CPU; captures a step where the provider can. Prints one line for each, and ends
 * with 1 where an answer is no.
 */

import { parseArgs } from "node:util";
import { trainStepGraph } from "../../graphs/index.js";
import { initializeUnitBank } from "../../src/build/initialize.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { simplify } from "../../src/lower/simplify.js";
import type { Precision } from "../../src/ir/precision.js";
import { cuda } from "../../src/lower/targets/cuda.js";
import { makePixels, SEED } from "../bench/stepCases.js";
import { DeviceStep } from "./deviceStep.js";
import { openDevice, type DeviceChoice, type Ep } from "./openDevice.js";

const { values: given } = parseArgs({
  options: {
    ep: { type: "string", default: "cuda" },
    steps: { type: "string", default: "5" },
  },
});
const ep = given.ep as Ep;
const steps = Number(given.steps);
const INSTANCES = 64;
const RECIPES: Readonly<Record<string, Partial<Recipe>>> = {
  "resnet18 at 32 px": { arch: "resnet18", width: 8 },
  "resnet50 at 64 px": { arch: "resnet50", stem: "imagenet", width: 8, imageSize: 64 },
};
/** Relative, of the first loss and of the last one. */
const TOLERANCES: Readonly<Record<string, readonly [number, number]>> = {
  "fp32, TF32 off": [1e-4, 1e-2],
  "fp32, TF32 on": [2e-3, 3e-2],
  fp16: [5e-3, 5e-2],
  bf16: [2e-2, 1e-1],
};

async function losses(network: Partial<Recipe>, choice: DeviceChoice, precision: Precision) {
  const recipe: Recipe = { ...DEFAULT_RECIPE, batchSize: 16, embeddingDim: 16, ...network };
  const device = await openDevice(choice);
  try {
    const step = await DeviceStep.open(
      device,
      { ...cuda, ep: choice.ep },
      simplify(trainStepGraph(checkRecipe(recipe))),
      precision,
      {
        pixels: makePixels(recipe),
        bank: initializeUnitBank(INSTANCES, recipe.embeddingDim, SEED),
        rows: BigInt64Array.from({ length: recipe.batchSize }, (_, at) => BigInt(at)),
        learningRate: 0.01,
        seed: SEED,
      },
    );
    const found: number[] = [];
    for (let at = 0; at < steps; at++) found.push(await step.take());
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
  const text = `first loss differs by ${error(0).toExponential(1)}, the one of step ${steps} by ${error(-1).toExponential(1)}`;
  const isClose = error(0) <= tolerances[0]! && error(-1) <= tolerances[1]!;
  if (!isClose) throw new Error(`${text}; expected at most ${tolerances.join(" and ")}`);
  return text;
}

const plain: DeviceChoice = { ep, tf32: false, captureGraph: false };
await ask(`the provider ${ep} opens`, async () => {
  await (await openDevice(plain)).close();
  return "a device was opened and closed";
});
for (const [network, recipe] of failures > 0 ? [] : Object.entries(RECIPES)) {
  const expected = await losses(recipe, { ...plain, ep: "cpu" }, "fp32");
  for (const [way, tolerances] of Object.entries(TOLERANCES)) {
    const precision = (way.startsWith("fp32") ? "fp32" : way) as Precision;
    if (ep === "cpu" && precision === "bf16") continue;
    const choice = { ...plain, tf32: way !== "fp32, TF32 off" };
    await ask(`${network}, ${way}, runs on ${ep} alone and agrees with the CPU`, async () =>
      compared(await losses(recipe, choice, precision), expected, tolerances),
    );
  }
  if (ep === "cuda") {
    await ask(`${network} is captured`, async () =>
      compared(await losses(recipe, { ...plain, captureGraph: true }, "fp32"), expected, [1e-4, 1e-2]),
    );
  }
}
process.exitCode = failures > 0 ? 1 : 0;
