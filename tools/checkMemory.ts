/**
 * @file Does a run's memory stay flat? Trains a tiny network in this process and prints its resident memory: by epoch, over
 * many pictures of 32 pixels, and every 500 steps of a long run.
 *
 *   node dist/tools/checkMemory.js [--pictures 100000] [--epochs 5] [--steps 5000]
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildArtifact } from "../src/build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../src/build/recipe.js";
import { locateData } from "../src/data/locate.js";
import { RandomStream } from "../src/random/philox.js";
import { prepareRunFolder } from "../src/run/runFolder.js";
import { openProvider } from "../src/train/openProvider.js";
import type { TrainEvent, TrainPlan } from "../src/train/plan.js";
import { chooseSettings } from "../src/config/choose.js";
import { augmentOf } from "../src/config/learning.js";
import { train } from "../src/train/trainer.js";

const SIDE = 32;
const HELD_OUT = 500;
const CLASSES = 10;
const BATCH = 100;
const MIB = 2 ** 20;

const { values } = parseArgs({
  options: {
    pictures: { type: "string", default: "100000" },
    epochs: { type: "string", default: "5" },
    steps: { type: "string", default: "5000" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "memory-"));
try {
  const pictures = Number(values.pictures);
  const byEpoch = await measure("many", pictures, { epochs: Number(values.epochs) }, (event) =>
    event.kind === "epoch" ? `epoch ${event.epoch}` : null,
  );
  print(`resident memory by epoch, ${pictures.toLocaleString("en")} pictures of ${SIDE} px`, byEpoch);
  const bySteps = await measure(
    "long",
    10 * BATCH,
    { steps: Number(values.steps), evaluateEvery: 50, checkpointEvery: 250 },
    (event) => (event.kind === "step" && event.step % 500 === 0 ? `step ${event.step}` : null),
  );
  print("resident memory by steps, 1,000 pictures", bySteps);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Row {
  readonly when: string;
  readonly resident: number; // bytes
}

/** @param label names the moments to measure at; null: not now */
async function measure(
  name: string,
  pictures: number,
  length: Partial<TrainPlan>,
  label: (event: TrainEvent) => string | null,
): Promise<Row[]> {
  const data = join(folder, name);
  writePictures(data, "train", pictures);
  writePictures(data, "t10k", HELD_OUT);
  const out = join(folder, `${name}-run`);
  await prepareRunFolder(out, false);
  const rows: Row[] = [];
  const emit = (event: TrainEvent): void => {
    const when = label(event);
    if (when !== null) rows.push({ when, resident: process.memoryUsage.rss() });
  };
  const plan = await planOf(data, out, length);
  await train(plan, await openProvider(plan), { emit, stopRequested: () => false });
  return rows;
}

/** Noise, as idx files with labels. */
function writePictures(data: string, part: string, count: number): void {
  mkdirSync(data, { recursive: true });
  const write = (what: string, shape: readonly number[], bytes: Uint8Array): void => {
    const header = Buffer.alloc(4 + 4 * shape.length);
    header.writeUInt32BE(0x0800 | shape.length);
    shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
    writeFileSync(join(data, `${part}-${what}-idx${shape.length}-ubyte`), Buffer.concat([header, bytes]));
  };
  const stream = new RandomStream(0, part);
  const pixels = Uint8Array.from({ length: count * SIDE * SIDE }, () => stream.uint32());
  write("images", [count, SIDE, SIDE], pixels);
  write(
    "labels",
    [count],
    Uint8Array.from({ length: count }, (_, row) => row % CLASSES),
  );
}

async function planOf(data: string, out: string, length: Partial<TrainPlan>): Promise<TrainPlan> {
  const recipe = {
    ...DEFAULT_RECIPE,
    arch: "resnet10",
    width: 2,
    imageSize: SIDE,
    batchSize: BATCH,
    embeddingDim: 16,
  };
  const [mean, std] = [
    [0.5, 0.5, 0.5],
    [0.3, 0.3, 0.3],
  ] as [[number, number, number], [number, number, number]];
  return {
    ...buildArtifact({ recipe, preprocessing: { imageSize: SIDE, resize: SIDE, mean, std }, seed: 0 }),
    tune: "off",
    ...(await locateData(data, { seed: 0 })),
    augment: augmentOf(chooseSettings({ preset: "sample" })),
    epochs: 1,
    steps: null,
    schedule: { base: 0.03, warmupSteps: 100, decay: "cosine" },
    bankInit: "forward",
    knnTemperature: 0.07,
    evaluateEvery: 1,
    checkpointEvery: null,
    keep: 2,
    resume: null,
    strictData: false,
    seed: 0,
    out,
    ep: "cpu",
    cuda: null,
    threads: 2,
    dataWorkers: 2,
    ...length,
  };
}

function print(title: string, rows: readonly Row[]): void {
  const mib = (bytes: number): string => (bytes / MIB).toFixed(0).padStart(6);
  process.stdout.write(`\n${title}\n`);
  for (const { when, resident } of rows) process.stdout.write(`  ${when.padEnd(12)}${mib(resident)} MiB\n`);
  // The first row has what is allocated once.
  const growth = rows.length > 1 ? (rows.at(-1)!.resident - rows[0]!.resident) / (rows.length - 1) : 0;
  process.stdout.write(`  growth      ${mib(growth)} MiB a row, on average\n`);
}
