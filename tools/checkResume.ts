/**
 * @file Evidence that a run survives: kills it at seeded moments, also while it writes, resumes it until it is done, and
 * compares every byte with a run that was left alone. Prints a table, and exits with 1 where anything differs.
 *
 *   node dist/tools/checkResume.js [--kills 20] [--seed 0]
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FILES } from "../src/build/buildArtifact.js";
import { RUN } from "../src/run/layout.js";
import {
  drawMoments,
  finishInterrupted,
  type Interruption,
  type Moment,
} from "../test/support/interruptedRun.js";
import { writeSmallPictures } from "../test/support/smallPictures.js";

const PICTURES = 1000;
const STEPS = 60;
const ARGS = [
  ...["--data", "pictures", "--arch", "resnet10", "--width", "4", "--image-size", "28", "--batch-size", "50"],
  ...["--embedding-dim", "32", "--epochs", "3", "--checkpoint-every", "4", "--threads", "1"],
];
const SAME = [
  join(RUN.exported, FILES.state),
  RUN.metrics,
  join(RUN.checkpoints, "step-000000060.safetensors"),
];

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly signal: NodeJS.Signals;
  readonly kills: number;
}

const { values } = parseArgs({
  options: { kills: { type: "string", default: "20" }, seed: { type: "string", default: "0" } },
});
const kills = Number(values.kills);
// Two runs are compared: the form of the noise, which is measured, must not differ between them.
const nce = [
  ...["--objective", "nce", "--negatives", "256", "--normalizer", "ema"],
  ...["--noise-form", "gather"],
];
const CASES: readonly Case[] = [
  { name: "softmax, SIGKILL", args: ["--data-workers", "2"], signal: "SIGKILL", kills },
  { name: "nce with a moving Z, SIGKILL", args: ["--data-workers", "2", ...nce], signal: "SIGKILL", kills },
  { name: "softmax, SIGINT", args: ["--data-workers", "2"], signal: "SIGINT", kills },
  { name: "softmax, 1 data worker, SIGKILL", args: ["--data-workers", "1"], signal: "SIGKILL", kills: 4 },
  { name: "softmax, 4 data workers, SIGKILL", args: ["--data-workers", "4"], signal: "SIGKILL", kills: 4 },
];

const folder = mkdtempSync(join(tmpdir(), "resume-"));
try {
  const kind = writeSmallPictures(join(folder, "pictures"), PICTURES);
  process.stdout.write(`${PICTURES} pictures (${kind}), ${STEPS} steps, a checkpoint every 4 steps\n`);
  const references = new Map<string, string>();
  let differ = 0;
  for (const [at, one] of CASES.entries()) differ += await check(one, at, references);
  process.exitCode = differ > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @returns how many files differ */
async function check(
  { name, args, signal, kills: count }: Case,
  at: number,
  references: Map<string, string>,
): Promise<number> {
  // The number of workers must not matter: all runs of one objective have one reference.
  const objective = args.slice(2).join(" ");
  const reference = references.get(objective) ?? (await runAlone(`reference-${at}`, args));
  references.set(objective, reference);
  const out = `run-${at}`;
  const moments = drawMoments(count, STEPS, Number(values.seed) + at);
  const run = { args: [...ARGS, ...args], cwd: folder, out, signal, moments };
  const { interruptions, code, stderr } = await finishInterrupted(run);
  process.stdout.write(`\n${name}: ${interruptions.length} interruptions\n`);
  interruptions.forEach((interruption, row) => process.stdout.write(`${describe(interruption, row)}\n`));
  if (code !== 0) throw new Error(`${name}: the last process ended with ${code}: ${stderr}`);
  const read = (run: string, file: string) => readFileSync(join(folder, run, file));
  const different = SAME.filter((file) => !read(out, file).equals(read(reference, file)));
  const caught = interruptions.filter(({ unfinished }) => unfinished.length > 0).length;
  process.stdout.write(
    `  ${caught} left a half-written file; ${SAME.length - different.length} of ${SAME.length} files equal ` +
      `the uninterrupted run's${different.length > 0 ? `; other bytes: ${different.join(", ")}` : ""}\n`,
  );
  return different.length;
}

async function runAlone(out: string, args: readonly string[]): Promise<string> {
  const run = { args: [...ARGS, ...args], cwd: folder, out, signal: "SIGKILL", moments: [] } as const;
  const { code, stderr } = await finishInterrupted(run);
  if (code !== 0) throw new Error(`the uninterrupted run ended with ${code}: ${stderr}`);
  return out;
}

function describe({ moment, ended, unfinished, step }: Interruption, row: number): string {
  const cells = [String(row + 1).padStart(4), show(moment).padEnd(34), String(ended).padEnd(8)];
  const left = unfinished.map((file) => file.split("/")[0]).join(", ");
  return `${cells.join("  ")}  newest checkpoint ${String(step ?? "none").padStart(4)}  ${left && `half-written: ${left}`}`;
}

function show(moment: Moment): string {
  if (moment.kind === "start") return `${moment.ms} ms after its start`;
  if (moment.kind === "step") return `${moment.records} records on, and ${moment.ms} ms`;
  return `writing file ${moment.files} of ${moment.part}`;
}
