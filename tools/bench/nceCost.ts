/**
 * @file What does a training step cost as the bank grows? NCE with 4,096 noise rows beside the softmax over the whole bank.
 *
 *     node dist/tools/bench/nceCost.js [--largest 10000000] [--repetitions 9]
 *
 * All sizes read one bank, each a part of it, and take turns step by step, so that whatever else the machine does falls
 * on all alike. The network is small (ResNet-18, width 4, 16 pixels) so that the objective shows; the row "network" has
 * a softmax over 64 rows. Memory is what the process grows by when a session is opened and has made its first steps:
 * everything beyond the bank itself. Writes a table to stderr and JSON to stdout.
 */

import { availableParallelism, totalmem } from "node:os";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { table } from "../../src/cli/format.js";
import { openSession } from "../../src/runtime/node.js";
import { floats } from "../../src/runtime/session.js";
import { NoiseInputs } from "../../src/train/noiseInputs.js";
import { drawNoise } from "../../src/train/noise.js";
import { Normalizer } from "../../src/train/normalizer.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";
import { MACHINE, quartiles, VERSIONS } from "./machine.js";

const BATCH = 64;
const DIM = 128;
const NEGATIVES = 4096;
const SIDE = 16;
const WARM_UPS = 2;
/** The softmax holds about three matrices [B, instances]. */
const SOFTMAX_BYTES = 4e9;
const NETWORK_ROWS = 64;

const { nce, softmax } = OBJECTIVE_DEFAULTS;
const FORMS = {
  "nce gather": { ...nce, negatives: NEGATIVES, noiseForm: "gather" },
  "nce gemm": { ...nce, negatives: NEGATIVES, noiseForm: "gemm" },
  softmax,
} as const;
type Form = keyof typeof FORMS;

interface Case {
  readonly form: Form;
  readonly instances: number;
  readonly step: TrainStep;
  readonly memoryBytes: number;
  readonly ms: number[];
}

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

/** Numbers of about unit length in rows of DIM, made fast: what they are does not matter. */
function makeBank(rows: number): Float32Array<ArrayBuffer> {
  const bank = new Float32Array(rows * DIM);
  const bound = Math.sqrt(3 / DIM);
  let state = 1;
  for (let at = 0; at < bank.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bank[at] = (bound * state) / 2 ** 31;
  }
  return bank;
}

async function open(form: Form, instances: number, bank: Float32Array<ArrayBuffer>): Promise<Case> {
  const objective = FORMS[form];
  const recipe = { ...DEFAULT_RECIPE, width: 4, imageSize: SIDE, batchSize: BATCH, objective };
  const mean = [0, 0, 0] as const;
  const preprocessing = { imageSize: SIDE, resize: SIDE, mean: [...mean], std: [1, 1, 1] } as const;
  const before = process.memoryUsage.rss();
  const { manifest, files } = buildArtifact({ recipe, seed: 0, preprocessing: { ...preprocessing, mean } });
  const session = await openSession(files.get(FILES.trainStep)!, form, {
    ep: "cpu",
    threads: availableParallelism(),
  });
  const state = new TrainState(
    { ...manifest, files: {} },
    readSafetensors(files.get(FILES.state)!, FILES.state).tensors,
    FILES.state,
  );
  const normalizer = new Normalizer({ mode: "first" }, Math.log(2 * instances));
  const noise =
    objective.name === "nce"
      ? new NoiseInputs({ objective, instances, batchSize: BATCH, seed: 0, normalizer })
      : null;
  const own = floats([instances, DIM], bank.subarray(0, instances * DIM));
  const memory = hostMemory(state, own, { trainStep: session, accumulateStep: null });
  const step = new TrainStep(memory, [BATCH, 3, SIDE, SIDE], noise);
  for (let at = 0; at < WARM_UPS; at++) await run(step, instances, at);
  return { form, instances, step, memoryBytes: process.memoryUsage.rss() - before, ms: [] };
}

const pixelValues = new Float32Array(BATCH * 3 * SIDE * SIDE).map((_, at) => Math.sin(at));

async function run(step: TrainStep, instances: number, at: number): Promise<number> {
  const rows = Int32Array.from({ length: BATCH }, (_, i) => (at * 7919 + i * 104729) % instances);
  const began = performance.now();
  await step.run({ pixelValues, rows, step: at }, 0.001, "bench");
  return performance.now() - began;
}

function measureDraw(instances: number): number {
  const rule = { instances, negatives: NEGATIVES, positive: false, duplicates: true };
  const [rows, into] = [new Int32Array(BATCH), new BigInt64Array(BATCH * NEGATIVES)];
  const times = Array.from({ length: 5 }, (_, step) => {
    const began = performance.now();
    drawNoise(rule, rows, 0, step, into);
    return performance.now() - began;
  });
  return quartiles(times).median;
}

const largest = option("largest", 10_000_000);
const repetitions = option("repetitions", 9);
const sizes = [50_000, 1_281_167, 10_000_000].filter((size) => size <= largest);
process.stderr.write(`making a bank of ${largest} rows\n`);
const bank = makeBank(Math.max(largest, NETWORK_ROWS));

const cases: Case[] = [await open("softmax", NETWORK_ROWS, bank)];
const skipped: { form: Form; instances: number; because: string }[] = [];
for (const instances of sizes) {
  for (const form of Object.keys(FORMS) as Form[]) {
    const bytes = form === "nce gather" ? 0 : 3 * 4 * BATCH * instances;
    if (bytes > SOFTMAX_BYTES) {
      skipped.push({
        form,
        instances,
        because: `needs about ${(bytes / 1e9).toFixed(1)} GB beside the bank`,
      });
      continue;
    }
    process.stderr.write(`opening ${form} with ${instances} rows\n`);
    cases.push(await open(form, instances, bank));
  }
}
for (let repetition = 0; repetition < repetitions; repetition++)
  for (const { step, instances, ms } of cases) ms.push(await run(step, instances, WARM_UPS + repetition));

const results = cases.map(({ form, instances, memoryBytes, ms }) => ({
  form: instances === NETWORK_ROWS ? "network" : form,
  instances,
  stepMs: quartiles(ms),
  memoryBytes,
}));
const report = {
  what: "one training step",
  machine: MACHINE,
  memoryBytes: totalmem(),
  versions: VERSIONS,
  batch: BATCH,
  dim: DIM,
  negatives: NEGATIVES,
  warmUps: WARM_UPS,
  repetitions,
  drawMs: measureDraw(sizes.at(-1) ?? NETWORK_ROWS),
  results,
  skipped,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
const ms = (value: number) => value.toFixed(1);
process.stderr.write(
  table([
    ["", "instances", "median ms", "quartiles", "memory beyond the bank"],
    ...results.map(({ form, instances, stepMs, memoryBytes }) => [
      form,
      String(instances),
      ms(stepMs.median),
      `${ms(stepMs.lower)}–${ms(stepMs.upper)}`,
      `${(memoryBytes / 2 ** 20).toFixed(0)} MiB`,
    ]),
  ]),
);
for (const { form, instances, because } of skipped)
  process.stderr.write(`  ${form} with ${instances} rows: left out, ${because}\n`);
process.stderr.write(`  drawing the noise rows takes ${ms(report.drawMs)} ms of an NCE step\n`);
