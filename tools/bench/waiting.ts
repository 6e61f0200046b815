/**
 * @file Does loading starve the step? The share of its time that training waits for pictures, in real runs.
 *
 *     INSTDISC_CIFAR10=... node dist/tools/bench/waiting.js [--only 32|224] [--small 5000] [--large 320] [--epochs 2]
 *
 * Starts the train command twice: ResNet-18 of width 16 on CIFAR-10's JPEG files at 32 pixels, and ResNet-18 of width 64
 * with the ImageNet stem at 224 pixels on JPEG files of 500×375. Then reads what the runs noted in timings.jsonl. Writes
 * a table to stderr and JSON to stdout.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { percent, table } from "../../src/cli/format.js";
import { RUN } from "../../src/run/layout.js";
import type { TimingRecord } from "../../src/run/records.js";
import { findCifar, runTraining } from "../child.js";
import { LARGE, largePictures, smallPictures } from "./benchPictures.js";
import { MACHINE, quartiles, VERSIONS } from "./machine.js";

const { values: given } = parseArgs({
  options: {
    only: { type: "string" },
    small: { type: "string", default: "5000" },
    large: { type: "string", default: "320" },
    epochs: { type: "string", default: "2" },
  },
});

/** What is asked for: of the step's time, less than this. */
const MOST = 0.03;

interface Case {
  readonly name: string;
  readonly data: string;
  readonly settings: Readonly<Record<string, string | number>>;
}

function readTimings(file: string): TimingRecord[] {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as TimingRecord);
}

/**
 * Share of the time between the first record and the last that was spent waiting. What came before the first is left
 * out: threads were starting then.
 */
function shareWaited(records: readonly TimingRecord[]): number {
  const spans = records.slice(1).map(({ seconds, waiting }, at) => ({
    waiting,
    seconds: seconds - records[at]!.seconds,
  }));
  const sum = (of: (span: (typeof spans)[number]) => number) =>
    spans.reduce((total, span) => total + of(span), 0);
  return sum((span) => span.seconds * span.waiting) / sum((span) => span.seconds);
}

async function measure({ name, data, settings }: Case, out: string) {
  process.stderr.write(`${name}\n`);
  const options = Object.entries({ ...settings, data, out, epochs: given.epochs, objective: "softmax" });
  await runTraining(options.flatMap(([option, value]) => [`--${option}`, String(value)]));
  const records = readTimings(join(out, RUN.timings));
  if (records.length < 2) {
    throw new Error(
      `${name}: found ${records.length} records in ${RUN.timings}, expected two or more; train longer`,
    );
  }
  return {
    case: name,
    settings,
    records: records.length,
    steps: records.at(-1)!.step,
    waiting: shareWaited(records),
    /** Of the single records. */
    spread: quartiles(records.slice(1).map(({ waiting }) => waiting)),
    picturesPerSecond: quartiles(records.slice(1).map((record) => record.picturesPerSecond)).median,
  };
}

const cifar = findCifar();
const folder = mkdtempSync(join(tmpdir(), "instdisc-waiting-"));
try {
  const wanted = (size: number): boolean => given.only === undefined || Number(given.only) === size;
  const cases: Case[] = [];
  if (wanted(32)) {
    cases.push({
      name: "ResNet-18 of width 16, 32 px, CIFAR-10 JPEG",
      data: smallPictures(cifar, join(folder, "small"), Number(given.small)),
      settings: { arch: "resnet18", width: 16, stem: "cifar", "image-size": 32, "batch-size": 128 },
    });
  }
  if (wanted(224)) {
    await largePictures(cifar, join(folder, "large"), Number(given.large));
    cases.push({
      name: `ResNet-18, 224 px, JPEG of ${LARGE.width}×${LARGE.height}`,
      data: join(folder, "large"),
      settings: { arch: "resnet18", width: 64, stem: "imagenet", "image-size": 224, "batch-size": 32 },
    });
  }
  const results = [];
  for (const [at, one] of cases.entries()) results.push(await measure(one, join(folder, `run-${at}`)));
  const report = {
    what: "share of time waiting for pictures",
    machine: MACHINE,
    versions: VERSIONS,
    results,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  process.stderr.write(
    table([
      ["", "waiting", "quartiles", "images/s", `below ${percent(MOST)}`],
      ...results.map(({ case: name, waiting, spread, picturesPerSecond }) => [
        name,
        percent(waiting),
        `${percent(spread.lower)}–${percent(spread.upper)}`,
        picturesPerSecond.toFixed(0),
        waiting < MOST ? "yes" : "no",
      ]),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
