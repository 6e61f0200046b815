/**
 * @file Does it learn as well as PyTorch does? One recipe, the same pictures, several seeds, both sides in turn.
 *
 *     INSTDISC_CIFAR10=... node dist/tools/cifarParity.js [--seeds 0,1,2] [--epochs 5] [--side ours|torch|both]
 *         [--train 10000] [--test 2000] [--threads 2] [--folder build/cifarParity] [--out report.json]
 *
 * Ours is the train command; every setting of the recipe is given, so that no default can move it. The other side is
 * tools/cifarParity.py, whose header states the recipe. It starts from our first weights where our side has run: those
 * of one seed or another make some three points of difference on either side. Writes a table to stderr and JSON to stdout, or to --out.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { duration, percent, table } from "../src/cli/format.js";
import { FILES } from "../src/build/buildArtifact.js";
import { RUN } from "../src/run/layout.js";
import type { KnnLevel, LevelName } from "../src/run/records.js";
import { MACHINE, VERSIONS } from "./bench/machine.js";
import { findCifar, findPython, ROOT, runJson, runTraining } from "./child.js";
import { linkCifar } from "./cifarFolder.js";

const RECIPE = {
  ...{
    arch: "resnet18",
    stem: "cifar",
    width: 16,
    "image-size": 32,
    "embedding-dim": 128,
    "batch-size": 128,
  },
  ...{ objective: "softmax", temperature: 0.1, proximal: 0, "bank-init": "forward", "bank-momentum": 0.5 },
  ...{
    optimizer: "sgd",
    momentum: 0.9,
    "weight-decay": 5e-4,
    lr: 0.03,
    "warmup-steps": 100,
    schedule: "cosine",
  },
  ...{
    "crop-scale": 0.2,
    flip: 0.5,
    brightness: 0.4,
    contrast: 0.4,
    saturation: 0.4,
    hue: 0.1,
    gray: 0.2,
    "knn-temperature": 0.07,
  },
};

/** Largest difference of the means that counts as parity, in points of percent. */
const TOLERANCE = 1.5;

/** kNN accuracy by number of neighbours, 0 to 1. */
type Accuracy = Readonly<Record<string, number>>;

interface Result {
  readonly seed: number;
  /** The finished network, all pictures encoded afresh. */
  readonly learned: Accuracy;
  readonly rawPixels: Accuracy;
  /** Held-out pictures against the bank as training left it. */
  readonly epochs: readonly { readonly epoch: number; readonly knn: Accuracy }[];
  readonly seconds: number;
}

const SIDES = ["ours", "torch"] as const;
type Side = (typeof SIDES)[number];

const { values: given } = parseArgs({
  options: {
    seeds: { type: "string", default: "0,1,2" },
    epochs: { type: "string", default: "5" },
    side: { type: "string", default: "both" },
    train: { type: "string", default: "10000" },
    test: { type: "string", default: "2000" },
    threads: { type: "string", default: "2" },
    folder: { type: "string", default: join(ROOT, "build/cifarParity") },
    out: { type: "string" },
  },
});
if (!["both", ...SIDES].includes(given.side))
  throw new Error(`--side ${given.side}: expected ours, torch or both`);
const sides = SIDES.filter((side) => given.side === "both" || given.side === side);
const seeds = given.seeds.split(",").map(Number);
const pictures = join(given.folder, "pictures");

const accuracyOf = (levels: readonly KnnLevel[]): Accuracy =>
  Object.fromEntries(levels.map(({ k, top1 }) => [k, top1]));

async function ours(seed: number): Promise<Result> {
  const out = join(given.folder, `ours-${seed}`);
  const settings = { ...RECIPE, data: pictures, epochs: given.epochs, threads: given.threads, seed, out };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const summary = (await runTraining([...options, "--overwrite"])) as {
    readonly seconds: number;
    readonly levels: Readonly<Record<LevelName, readonly KnnLevel[]>>;
  };
  return {
    seed,
    learned: accuracyOf(summary.levels.learned),
    rawPixels: accuracyOf(summary.levels["raw pixels"]),
    epochs: epochsOf(join(out, RUN.metrics)),
    seconds: summary.seconds,
  };
}

/** The evaluations that a run wrote down. */
function epochsOf(metrics: string): Result["epochs"] {
  if (!existsSync(metrics)) return [];
  const lines = readFileSync(metrics, "utf8").split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    const { epoch, knn } = JSON.parse(line) as { epoch?: number; knn?: readonly KnnLevel[] };
    return epoch !== undefined && knn ? [{ epoch, knn: accuracyOf(knn) }] : [];
  });
}

async function torch(seed: number): Promise<Result> {
  const weights = join(given.folder, `ours-${seed}`, RUN.graph, FILES.state);
  const options = [
    ...["--seed", String(seed), "--epochs", given.epochs, "--threads", given.threads],
    ...(existsSync(weights) ? ["--weights", weights] : []),
  ];
  return (await runJson(findPython(), [join(ROOT, "tools/cifarParity.py"), pictures, ...options])) as Result;
}

linkCifar(findCifar(), pictures, Number(given.train), Number(given.test));
const run = { ours, torch };
const results: Record<Side, Result[]> = { ours: [], torch: [] };
for (const seed of seeds) for (const side of sides) results[side].push(await run[side](seed));

const mean = (side: Side, k: string): number =>
  results[side].reduce((sum, { learned }) => sum + learned[k]!, 0) / results[side].length;
const neighbours = Object.keys(results[sides[0]!][0]!.learned).sort((a, b) => Number(b) - Number(a));
const most = neighbours[0]!;
const difference = sides.length === 2 ? 100 * (mean("ours", most) - mean("torch", most)) : null;
const report = {
  what: "kNN accuracy, the same recipe in both",
  machine: MACHINE,
  versions: VERSIONS,
  recipe: RECIPE,
  pictures: { train: Number(given.train), test: Number(given.test) },
  epochs: Number(given.epochs),
  /** Ours less PyTorch's, means over the seeds, points of percent. */
  difference,
  results,
};
const text = `${JSON.stringify(report, null, 1)}\n`;
if (given.out === undefined) process.stdout.write(text);
else writeFileSync(given.out, text);

const cells = (of: (side: Side) => string): string[] => sides.map(of);
const columns = neighbours.flatMap((k) => sides.map((side) => ({ k, side })));
process.stderr.write(
  table([
    ["", ...columns.map(({ k, side }) => `${side}, k = ${k}`), ...cells((side) => `${side}, time`)],
    ...seeds.map((seed, at) => [
      `seed ${seed}`,
      ...columns.map(({ k, side }) => percent(results[side][at]!.learned[k]!)),
      ...cells((side) => duration(results[side][at]!.seconds)),
    ]),
    ["mean", ...columns.map(({ k, side }) => percent(mean(side, k)))],
    ["raw pixels", ...columns.map(({ k, side }) => percent(results[side][0]!.rawPixels[k]!))],
  ]),
);
const epochLine = (side: Side): string => {
  const [{ epochs }] = results[side] as [Result];
  return `  ${side}, seed ${seeds[0]}, k = ${most}, after each epoch: ${epochs.map(({ knn }) => percent(knn[most]!)).join(", ")}\n`;
};
for (const side of sides) process.stderr.write(epochLine(side));
if (difference !== null) {
  const verdict = Math.abs(difference) <= TOLERANCE ? "within" : "beyond";
  process.stderr.write(
    `  ours less PyTorch: ${difference.toFixed(2)} points at k = ${most}, ${verdict} ${TOLERANCE}\n`,
  );
}
