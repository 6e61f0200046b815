/**
 * @file How much memory does a training step take, beside PyTorch? The most that each process ever held (VmHWM of Linux).
 *
 *     node dist/tools/bench/memory.js [--arch resnet18,resnet50] [--width 64,16] [--objective softmax,nce]
 *         [--batch-size 128] [--repetitions 3] [--steps 5] [--threads 2] [--tune full]
 *
 * Ours and PyTorch in both layouts make the steps of step.ts, each in a process of its own, one after the other. The step
 * alone is the peak less what the process held when its libraries were loaded and nothing was made yet; the building of
 * our graph counts. Writes a table to stderr and JSON to stdout.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { TuneMode } from "../../src/artifact/tuneMode.js";
import { bytes, table } from "../../src/cli/format.js";
import { MACHINE, quartiles, VERSIONS } from "./machine.js";
import { CASE_OPTIONS, chosenCases, writeCase, type StepCase } from "./stepCases.js";
import { PEERS, SIDES, startStep } from "./stepProcess.js";

const { values: given } = parseArgs({
  options: {
    ...CASE_OPTIONS,
    repetitions: { type: "string", default: "3" },
    steps: { type: "string", default: "5" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const repetitions = Number(given.repetitions);
const steps = Number(given.steps);
const threads = Number(given.threads);
const tune = given.tune as TuneMode;

/** The most that a process that still runs ever held. */
function peakBytes(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return 1024 * Number(line![1]);
}

async function measure(side: (typeof SIDES)[number], inputs: string) {
  const step = await startStep(side, inputs);
  try {
    await step.take(steps);
    const peak = peakBytes(step.pid);
    return { peak, step: peak - step.ready.bytesBefore };
  } finally {
    await step.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), "instdisc-memory-"));

async function compare(one: StepCase, at: number) {
  process.stderr.write(`${one.name}: measuring\n`);
  const inputs = join(folder, String(at));
  writeCase(one, inputs, { threads, tune });
  const found = SIDES.map((name) => ({ name, peaks: [] as number[], steps: [] as number[] }));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { name, peaks, steps: alone } of found) {
      const { peak, step } = await measure(name, inputs);
      peaks.push(peak);
      alone.push(step);
    }
  }
  const results = found.map(({ name, peaks, steps: alone }) => ({
    name,
    peakBytes: quartiles(peaks),
    stepBytes: quartiles(alone),
  }));
  /** The peer that takes less is the one that counts. */
  const least = (of: "peakBytes" | "stepBytes") =>
    Math.min(
      ...results.filter(({ name }) => PEERS.some((peer) => peer === name)).map((peer) => peer[of].median),
    );
  const [peak, step] = [least("peakBytes"), least("stepBytes")];
  return {
    case: one.name,
    recipe: one.recipe,
    results: results.map((result) => ({
      ...result,
      peakOfPeer: result.peakBytes.median / peak,
      stepOfPeer: result.stepBytes.median / step,
    })),
  };
}

try {
  const results = [];
  for (const [at, one] of chosenCases(given).entries()) results.push(await compare(one, at));
  const report = {
    what: "peak memory of a training step",
    machine: MACHINE,
    versions: VERSIONS,
    ...{ threads, tune, repetitions, steps },
    results,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  process.stderr.write(
    table([
      ["", "step alone", "of PyTorch's", "whole process", "of PyTorch's"],
      ...results.flatMap((result) =>
        result.results.map((row) => [
          `${result.case}: ${row.name}`,
          bytes(row.stepBytes.median),
          row.stepOfPeer.toFixed(2),
          bytes(row.peakBytes.median),
          row.peakOfPeer.toFixed(2),
        ]),
      ),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
