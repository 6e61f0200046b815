/**
 * @file How long is it from the start of `onnx-instdisc train` to its first finished step, and what takes so long?
 *
 *     node dist/tools/bench/firstStep.js [--arch resnet18] [--width 64,16] [--repetitions 5] [-- options of train]
 *
 * Starts the executable on 256 pictures without labels, with a random bank: what is left is the program itself, the graph,
 * the session and the step. The step is finished when it stands in metrics.jsonl. Every case begins with an empty cache
 * folder (INSTDISC_CACHE): its first run finds nothing that was measured before, the others find what the first left.
 * What follows -- is handed to train, such as --tune full. Between the runs another process does the same
 * without command line, pictures and run folder, and tells its parts (firstStepParts.ts). Writes tables to stderr and JSON
 * to stdout.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { table } from "../../src/cli/format.js";
import { RUN } from "../../src/run/layout.js";
import { BIN, runJson } from "../child.js";
import { LOAD, MACHINE, quartiles, VERSIONS, warnIfBusy, type Quartiles } from "./machine.js";
import { spread } from "./turns.js";

const { values: given, positionals: trainOptions } = parseArgs({
  allowPositionals: true,
  options: {
    arch: { type: "string", default: "resnet18" },
    width: { type: "string", default: "64,16" },
    repetitions: { type: "string", default: "5" },
  },
});
const repetitions = Number(given.repetitions);

const PICTURES = 256;
const SIDE = 32;
/** How often the run's records are looked at. */
const EVERY_MS = 5;
const PARTS = "dist/tools/bench/firstStepParts.js";

/** Noise as an idx file, which needs no decoding to speak of. */
function writePictures(folder: string): void {
  mkdirSync(folder);
  const header = Buffer.alloc(16);
  [0x0803, PICTURES, SIDE, SIDE].forEach((word, at) => header.writeUInt32BE(word, 4 * at));
  const pixels = Uint8Array.from({ length: PICTURES * SIDE ** 2 }, (_, at) => (at * 2654435761) >>> 24);
  writeFileSync(join(folder, "train-images-idx3-ubyte"), Buffer.concat([header, pixels]));
}

const hasStep = (metrics: string): boolean =>
  existsSync(metrics) && readFileSync(metrics, "utf8").includes('"kind":"step"');

/** @returns seconds from the start of the process to the record of its first step */
async function trainOnce(options: readonly string[], out: string, cache: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [BIN, "train", ...options, "--out", out], {
    env: { ...process.env, INSTDISC_CACHE: cache },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  let isRunning = true;
  void ended.finally(() => (isRunning = false));
  const metrics = join(out, RUN.metrics);
  while (isRunning && !hasStep(metrics)) await setTimeout(EVERY_MS);
  const seconds = (performance.now() - began) / 1000;
  const code = await ended;
  if (code !== 0) throw new Error(`train ${options.join(" ")}: ended with ${code}: ${said.trim()}`);
  return seconds;
}

const folder = mkdtempSync(join(tmpdir(), "instdisc-first-step-"));

interface Measured {
  readonly case: string;
  readonly coldSeconds: number;
  readonly warmSeconds: Quartiles;
  readonly partsMs: Readonly<Record<string, Quartiles>>;
}

async function measure(width: string): Promise<Measured> {
  const data = join(folder, "pictures");
  const cache = join(folder, `cache-${width}`);
  const settings = { data, arch: given.arch, width, "image-size": SIDE, "bank-init": "unit", steps: 1 };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const runs: number[] = [];
  const parts: Record<string, number>[] = [];
  for (let run = 0; run <= repetitions; run++) {
    const out = join(folder, `run-${width}-${run}`);
    process.stderr.write(`${given.arch}, width ${width}: ${run === 0 ? "cold" : `run ${run}`}\n`);
    runs.push(await trainOnce([...options, ...trainOptions], out, cache));
    rmSync(out, { recursive: true });
    const recipe = { arch: given.arch, width: Number(width), imageSize: SIDE };
    parts.push((await runJson(process.execPath, [PARTS, JSON.stringify(recipe)])) as Record<string, number>);
  }
  const [coldSeconds, ...warm] = runs;
  const names = Object.keys(parts[0]!);
  return {
    case: `${given.arch}, width ${width}, ${SIDE} px`,
    coldSeconds: coldSeconds!,
    warmSeconds: quartiles(warm),
    partsMs: Object.fromEntries(names.map((name) => [name, quartiles(parts.map((one) => one[name]!))])),
  };
}

warnIfBusy();
try {
  writePictures(join(folder, "pictures"));
  const results: Measured[] = [];
  for (const width of given.width.split(",")) results.push(await measure(width));
  const report = {
    what: "time to the first training step",
    machine: MACHINE,
    load: LOAD,
    versions: VERSIONS,
    ...{ repetitions, trainOptions, pictures: PICTURES },
    results,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  process.stderr.write(
    table([
      ["train, start to first step", "cold cache, s", "warm cache, s"],
      ...results.map((row) => [row.case, row.coldSeconds.toFixed(2), spread(row.warmSeconds, 2)]),
    ]),
  );
  const names = Object.keys(results[0]!.partsMs);
  process.stderr.write(
    table([
      ["parts, ms", ...results.map((row) => row.case)],
      ...names.map((name) => [name, ...results.map((row) => spread(row.partsMs[name]!, 0))]),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
