/**
 * @file Does every provider of this machine train alike? The same steps on each, beside those of onnxruntime-node's CPU.
 *
 *     node dist/tools/checkProviders.js [--steps 50] [--objective softmax,nce] [--arch resnet18] [--stem cifar] [--width 8]
 *         [--batch-size 8] [--image-size 16] [--learning-rate 0.00001] [--threads 1] [--tolerance 0.001]
 *         [--providers rounding,native,cuda,webgpu-node,webgpu-chromium,wasm-chromium,python]
 *
 * Those that the machine lacks are listed with the reason. "rounding" is the CPU again, with the last digits of the pictures
 * changed: nobody can be expected to be nearer. On a GPU no node may fall back to the CPU: its session would not open. GPUs
 * may be SwiftShader, which plays one on the CPU, 1 to 2 s a step. Writes a table to stderr and JSON to stdout, and ends with 1
 * where the loss of the last step differs by more than the tolerance, or a provider named by --providers is not there.
 */

import { parseArgs } from "node:util";
import { table } from "../src/cli/format.js";
import { nodeIo } from "../src/cli/io.js";
import { trainProgress } from "../src/cli/progress.js";
import {
  CALM_RATE,
  OBJECTIVES,
  prepareTraining,
  relativeErrors,
  type Training,
} from "../test/support/providerTraining.js";
import { MACHINE, VERSIONS } from "./bench/machine.js";
import { CONTESTANTS, REFERENCE, type Contestant, type Running } from "./providers/contestants.js";

const { values: given } = parseArgs({
  options: {
    steps: { type: "string", default: "50" },
    objective: { type: "string", default: "softmax,nce" },
    arch: { type: "string", default: "resnet18" },
    stem: { type: "string" },
    width: { type: "string", default: "8" },
    "batch-size": { type: "string", default: "8" },
    "image-size": { type: "string", default: "16" },
    "learning-rate": { type: "string", default: String(CALM_RATE) },
    threads: { type: "string", default: "1" },
    /** Relative, of the loss of the last step. */
    tolerance: { type: "string", default: "0.001" },
    providers: { type: "string" },
  },
});

interface Result {
  readonly objective: string;
  readonly provider: string;
  readonly seconds: number;
  readonly losses: readonly number[];
  /** Relative differences from the reference: the largest of all steps, and that of the last. */
  readonly largest: number;
  readonly last: number;
}

function chosen<T>(option: string, names: readonly string[], of: Readonly<Record<string, T>>): [string, T][] {
  return names.map((name) => {
    const found = of[name];
    if (found !== undefined) return [name, found];
    throw new Error(`--${option}: found ${name}, expected ${Object.keys(of).join(", ")}`);
  });
}

function prepareAll(): Promise<[string, Training][]> {
  const recipe = {
    arch: given.arch,
    stem: given.stem ?? (given.arch.startsWith("resnet") ? "cifar" : null),
    width: Number(given.width),
    batchSize: Number(given["batch-size"]),
    imageSize: Number(given["image-size"]),
  };
  const of = { steps: Number(given.steps), learningRate: Number(given["learning-rate"]) };
  return Promise.all(
    chosen("objective", given.objective.split(","), OBJECTIVES).map(
      async ([name, objective]): Promise<[string, Training]> => [
        name,
        await prepareTraining({ recipe: { ...recipe, objective }, ...of }),
      ],
    ),
  );
}

const trainings = await prepareAll();
const contestants = chosen("providers", given.providers?.split(",") ?? Object.keys(CONTESTANTS), CONTESTANTS);
const results: Result[] = [];
/** Why each of them has no result. */
const without: { readonly provider: string; readonly reason: string; readonly failed: boolean }[] = [];
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** All objectives on one contestant. */
async function measure(provider: string, { title, open }: Contestant): Promise<void> {
  let running: Running | null = null;
  try {
    running = await open(Number(given.threads));
    for (const [objective, training] of trainings) {
      const result = await train(running, title, objective, training);
      if (result !== null) results.push({ ...result, provider });
    }
  } catch (error) {
    // Whoever opened has no excuse; neither has who was asked for by name.
    const failed = running !== null || given.providers !== undefined || title === REFERENCE.title;
    without.push({ provider, reason: wordsOf(error), failed });
  } finally {
    await running?.close();
  }
}

async function train(
  running: Running,
  title: string,
  objective: string,
  training: Training,
): Promise<Omit<Result, "provider"> | null> {
  const progress = trainProgress(nodeIo);
  const what = `${title}, ${objective}`;
  const began = performance.now();
  const losses = await running
    .train(training, (done) => progress.show({ kind: "stage", what, done, total: training.steps }))
    .finally(() => progress.stop());
  if (losses === null) return null;
  const seconds = (performance.now() - began) / 1000;
  const expected = results.find((one) => one.objective === objective)?.losses ?? losses;
  const errors = relativeErrors(losses, expected);
  process.stderr.write(`${what}: ${losses.at(-1)!.toFixed(5)} after ${seconds.toFixed(1)} s\n`);
  return { objective, seconds, losses, largest: Math.max(...errors), last: errors.at(-1)! };
}

await measure("cpu", REFERENCE);
for (const [provider, contestant] of contestants) await measure(provider, contestant);

process.stdout.write(
  `${JSON.stringify({ given, machine: MACHINE, versions: VERSIONS, results, without }, null, 1)}\n`,
);
const titleOf = (provider: string): string => (CONTESTANTS[provider] ?? REFERENCE).title;
process.stderr.write(
  `${given.arch}, width ${given.width}, ${given["image-size"]} px, batches of ${given["batch-size"]}, ` +
    `learning rate ${given["learning-rate"]}, ${given.steps} steps\n`,
);
for (const [objective] of trainings) {
  const rows = results.filter((one) => one.objective === objective);
  const isReference = ({ provider }: Result) => provider === "cpu";
  const difference = (row: Result, value: number) => (isReference(row) ? "" : value.toExponential(1));
  process.stderr.write(
    table([
      [objective, "first loss", "last loss", "largest difference", "of the last step", "seconds"],
      ...rows.map((row) => [
        titleOf(row.provider),
        row.losses[0]!.toFixed(5),
        row.losses.at(-1)!.toFixed(5),
        difference(row, row.largest),
        difference(row, row.last),
        row.seconds.toFixed(1),
      ]),
    ]),
  );
}
for (const { provider, reason } of without) process.stderr.write(`${titleOf(provider)}: ${reason}\n`);
const far = results.filter(
  ({ provider, last }) => !["cpu", "rounding"].includes(provider) && !(last <= Number(given.tolerance)),
);
for (const { provider, objective, last } of far)
  process.stderr.write(
    `${titleOf(provider)}, ${objective}: the loss of the last step differs by ${last.toExponential(1)}, ` +
      `expected at most ${given.tolerance}\n`,
  );
process.exitCode = far.length > 0 || without.some(({ failed }) => failed) ? 1 : 0;
