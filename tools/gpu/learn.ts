/**
 * @file Does a GPU learn CIFAR-10 as the authors did? Their recipe, whole or with its schedule scaled to the epochs given.
 *
 *     node dist/tools/gpu/learn.js --data FOLDER [--out build/learn] [--ep cuda|cpu] [--epochs 200 | --minutes M]
 *         [--objectives softmax,nce] [--limit N] [-- more options of train]
 *
 * Trains with the preset cifar10 for each objective, then prints kNN (k = 200) beside the paper's, the wall time, the
 * losses along the way, and the command line. FOLDER holds train/ and test/ with a folder for each class; JPEG files are
 * not the authors' bitmaps, which costs a little. --limit takes the first N pictures, as many of each class, and a fifth of
 * N to evaluate. --minutes: as many epochs of each objective as fit, at most 200, by the time of two. Writes a table to
 * stderr and JSON to stdout.
 */

import { parseArgs } from "node:util";
import { table } from "../../src/cli/format.js";
import { linkCifar } from "../cifarFolder.js";
import { runTraining } from "../child.js";
import { accuraciesOf, epochLossesOf } from "./metrics.js";

/** kNN(200) accuracy of Wu et al. 2018, table 1. */
const PAPER: Readonly<Record<string, number>> = { softmax: 0.808, nce: 0.804 };
const PAPER_EPOCHS = 200;
/** Losses that are shown, along the way. */
const SHOWN = 5;
/** Of one trial, whose second epoch and evaluation are the pace. */
const TRIAL_EPOCHS = 2;
/** What --minutes leaves for the last evaluation and the export. */
const SPARE = 0.93;

const { values: given, positionals: more } = parseArgs({
  options: {
    data: { type: "string" },
    out: { type: "string", default: "build/learn" },
    ep: { type: "string", default: "cuda" },
    epochs: { type: "string", default: String(PAPER_EPOCHS) },
    minutes: { type: "string" },
    objectives: { type: "string", default: "softmax,nce" },
    limit: { type: "string" },
  },
  allowPositionals: true,
});
if (given.data === undefined) throw new Error("--data: missing, expected a folder with train/ and test/");

function optionsFor(objective: string, data: string, out: string, epochs: number): string[] {
  return [
    ...["--preset", "cifar10", "--data", data, "--out", out, "--overwrite"],
    ...["--objective", objective, "--epochs", String(epochs), "--ep", given.ep],
    ...(objective === "nce" ? ["--negatives", "4096"] : []),
    ...more,
  ];
}

/** Minutes of a run. */
async function trained(options: readonly string[]): Promise<number> {
  const began = performance.now();
  await runTraining(options);
  return (performance.now() - began) / 60_000;
}

/** As many as fit into the minutes that one trial leaves: two runs tell the start from the epochs. */
async function epochsWithin(minutes: number, objective: string, data: string, out: string): Promise<number> {
  const took = (epochs: number) => trained(optionsFor(objective, data, `${out}-trial`, epochs));
  const one = await took(1);
  const both = await took(TRIAL_EPOCHS);
  const pace = Math.max((both - one) / (TRIAL_EPOCHS - 1), Number.EPSILON);
  const left = SPARE * minutes - one - both - Math.max(one - pace, 0);
  return Math.min(PAPER_EPOCHS, Math.max(1, Math.floor(left / pace)));
}

async function learn(objective: string, data: string) {
  const out = `${given.out}-${objective}`;
  const epochs =
    given.minutes === undefined
      ? Number(given.epochs)
      : await epochsWithin(Number(given.minutes), objective, data, out);
  const options = optionsFor(objective, data, out, epochs);
  const minutes = await trained(options);
  const command = `onnx-instdisc train ${options.join(" ")}`;
  const accuracies = accuraciesOf(out, 200);
  const losses = epochLossesOf(out);
  return { objective, command, epochs, minutes, paper: PAPER[objective] ?? null, accuracies, losses };
}

/** Some of all, the first and the last among them. */
function shown(values: readonly number[]): number[] {
  const count = Math.min(SHOWN, values.length);
  return Array.from({ length: count }, (_, at) =>
    values.at(Math.round((at * (values.length - 1)) / Math.max(count - 1, 1)))!,
  );
}

const data = given.limit === undefined ? given.data : `${given.out}-data`;
if (given.limit !== undefined) {
  const tens = (count: number) => 10 * Math.ceil(count / 10); // ten classes
  linkCifar(given.data, data, tens(Number(given.limit)), tens(Number(given.limit) / 5));
}
const results = [];
for (const objective of given.objectives.split(",")) results.push(await learn(objective, data));
process.stdout.write(`${JSON.stringify({ given, results }, null, 1)}\n`);
const share = (value: number | null) => (value === null ? "none" : `${(100 * value).toFixed(1)} %`);
process.stderr.write(
  table([
    ["", "kNN(200)", "the paper", "epochs", "minutes", "loss along the way"],
    ...results.map(({ objective, accuracies, paper, epochs, minutes, losses }) => [
      ...[
        objective,
        share(accuracies.at(-1)?.top1 ?? null),
        share(paper),
        String(epochs),
        minutes.toFixed(1),
      ],
      shown(losses)
        .map((loss) => loss.toFixed(3))
        .join(", "),
    ]),
  ]),
);
for (const { command } of results) process.stderr.write(`${command}\n`);
