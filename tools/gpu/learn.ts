/**
 * @file Does a GPU learn CIFAR-10 as the authors did? Their recipe, whole or with its schedule scaled to the epochs given.
 *
 *     node dist/tools/gpu/learn.js --data FOLDER [--out build/learn] [--ep cuda|cpu] [--epochs 200]
 *         [--objectives softmax,nce] [--limit N] [--precision fp32] [-- more options of train]
 *
 * Trains with the preset cifar10 for each objective, then prints kNN (k = 200) beside the paper's, the wall time, the
 * losses along the way, and the command line. FOLDER holds train/ and test/ with a folder for each class; JPEG files are
 * not the authors' bitmaps, which costs a little. Writes a table to stderr and JSON to stdout.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../../src/cli/format.js";
import { runTraining } from "../child.js";

/** kNN(200) accuracy of Wu et al. 2018, table 1. */
const PAPER: Readonly<Record<string, number>> = { softmax: 0.808, nce: 0.804 };
/** Losses that are shown, along the way. */
const SHOWN = 5;

const { values: given, positionals: more } = parseArgs({
  options: {
    data: { type: "string" },
    out: { type: "string", default: "build/learn" },
    ep: { type: "string", default: "cuda" },
    epochs: { type: "string", default: "200" },
    objectives: { type: "string", default: "softmax,nce" },
    limit: { type: "string" },
    precision: { type: "string" },
  },
  allowPositionals: true,
});
if (given.data === undefined) throw new Error("--data: missing, expected a folder with train/ and test/");

interface Knn {
  readonly k: number;
  readonly top1: number;
}

interface Metrics {
  readonly loss: readonly number[];
  readonly knn: number | null;
}

/** Losses as they were written, and the last accuracy. */
function metricsOf(run: string): Metrics {
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const numbers = (name: string) =>
    records.flatMap((record) => (typeof record[name] === "number" ? [record[name]] : []));
  const judged = records.flatMap(({ knn }) => (Array.isArray(knn) ? (knn as readonly Knn[]) : []));
  return { loss: numbers("loss"), knn: judged.findLast(({ k }) => k === 200)?.top1 ?? null };
}

function argumentsFor(objective: string, out: string): string[] {
  const optional = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  return [
    ...["--preset", "cifar10", "--data", given.data!, "--out", out, "--overwrite"],
    ...["--objective", objective, "--epochs", given.epochs, "--ep", given.ep],
    ...(objective === "nce" ? ["--negatives", "4096"] : []),
    ...optional("--limit", given.limit),
    ...optional("--precision", given.precision),
    ...more,
  ];
}

const results = [];
for (const objective of given.objectives.split(",")) {
  const out = `${given.out}-${objective}`;
  const options = argumentsFor(objective, out);
  const began = performance.now();
  const summary = await runTraining(options);
  const minutes = (performance.now() - began) / 60_000;
  const command = `onnx-instdisc train ${options.join(" ")}`;
  results.push({ objective, command, minutes, paper: PAPER[objective] ?? null, ...metricsOf(out), summary });
}
process.stdout.write(`${JSON.stringify({ given, results }, null, 1)}\n`);
const share = (value: number | null) => (value === null ? "none" : `${(100 * value).toFixed(1)} %`);
process.stderr.write(
  table([
    ["", "kNN(200)", "the paper", "minutes", "loss along the way"],
    ...results.map(({ objective, knn, paper, minutes, loss }) => {
      const every = Math.max(1, Math.floor((loss.length - 1) / (SHOWN - 1)));
      const shown = loss.filter((_, at) => at % every === 0).map((value) => value.toFixed(3));
      return [objective, share(knn), share(paper), minutes.toFixed(1), shown.join(", ")];
    }),
  ]),
);
for (const { command } of results) process.stderr.write(`${command}\n`);
