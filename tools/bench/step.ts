/**
 * @file How many pictures a second does training learn from, beside PyTorch on the same processor? Whole steps: forward,
 * loss, backward, optimizer, bank rows.
 *
 *     node dist/tools/bench/step.js [--arch resnet18,resnet50] [--width 64,16] [--objective softmax,nce]
 *         [--batch-size 128] [--repetitions 9] [--turn 2] [--threads 2] [--tune full]
 *
 * Three processes make steps of the same weights on the same batch and take turns, so that whatever else the machine does
 * falls on all alike: ours (stepOurs.ts, as `train` takes them) and PyTorch in both layouts (step.py). The losses of
 * their first steps, which are the warm-up, must agree. A turn is about --turn seconds of steps. Times as fast: beside
 * the faster layout, round by round. Shares of ceilings compare the arithmetic a step cannot do without with the
 * fastest MatMul and Conv that ONNX Runtime was seen to run just before. Writes a table to stderr and JSON to stdout.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { TuneMode } from "../../src/artifact/tuneMode.js";
import { percent, table } from "../../src/cli/format.js";
import { measureCeilings } from "./ceilingModels.js";
import { LOAD, MACHINE, quartiles, VERSIONS, warnIfBusy } from "./machine.js";
import {
  CASE_OPTIONS,
  CHECKED_STEPS,
  chosenCases,
  INSTANCES,
  writeCase,
  type StepCase,
} from "./stepCases.js";
import { stepFlops } from "./stepFlops.js";
import { checkLosses, PEERS, SIDES, startStep, type StepProcess } from "./stepProcess.js";
import { countFor, fastest, spread, takeTurns, timesAsFast } from "./turns.js";

const { values: given } = parseArgs({
  options: {
    ...CASE_OPTIONS,
    repetitions: { type: "string", default: "9" },
    turn: { type: "string", default: "2" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const repetitions = Number(given.repetitions);
const threads = Number(given.threads);
const tune = given.tune as TuneMode;
const CEILING_REPETITIONS = 5;

const folder = mkdtempSync(join(tmpdir(), "instdisc-step-"));

async function compare(one: StepCase, at: number) {
  process.stderr.write(`${one.name}: starting\n`);
  const ceilings = await measureCeilings(threads, CEILING_REPETITIONS);
  const inputs = join(folder, String(at));
  writeCase(one, inputs, { threads, tune });
  const steps: StepProcess[] = [];
  for (const name of SIDES) steps.push(await startStep(name, inputs));
  try {
    const losses = await checkLosses(steps, CHECKED_STEPS);
    const first = await takeTurns(steps, 1);
    const count = countFor(Number(given.turn), Math.max(...[...first.values()].flat()));
    process.stderr.write(`${one.name}: ${repetitions} turns of ${count} steps each\n`);
    const seconds = await takeTurns(steps, repetitions, count);
    const flops = stepFlops(one.recipe, INSTANCES);
    const peer = fastest(PEERS, seconds);
    return {
      case: one.name,
      recipe: one.recipe,
      ...{ instances: INSTANCES, stepsInTurn: count, flops, ceilings, losses, fasterPeer: peer },
      ready: Object.fromEntries(steps.map(({ name, ready }) => [name, ready])),
      results: steps.map(({ name }) => {
        const stepSeconds = quartiles(seconds.get(name)!);
        const flopsPerSecond = flops / stepSeconds.median;
        return {
          name,
          stepSeconds,
          picturesPerSecond: quartiles(seconds.get(name)!.map((value) => one.recipe.batchSize / value)),
          timesFasterPeer: timesAsFast(name, peer, seconds),
          flopsPerSecond,
          ofProduct: flopsPerSecond / ceilings.productFlops,
          ofConvolution: flopsPerSecond / ceilings.convolutionFlops,
          ofBestConvolution: flopsPerSecond / ceilings.bestConvolutionFlops,
        };
      }),
    };
  } finally {
    for (const step of steps) await step.close();
  }
}

warnIfBusy();
try {
  const results = [];
  for (const [at, one] of chosenCases(given).entries()) results.push(await compare(one, at));
  const report = {
    what: "training step",
    machine: MACHINE,
    load: LOAD,
    versions: VERSIONS,
    ...{ threads, tune, repetitions, warmUps: CHECKED_STEPS, ceilingRepetitions: CEILING_REPETITIONS },
    results,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  process.stderr.write(
    table([
      ["", "images/s", "times PyTorch", "GFLOP/s", "of MatMul", "of Conv", "of best Conv"],
      ...results.flatMap((result) =>
        result.results.map((row) => [
          `${result.case}: ${row.name}`,
          spread(row.picturesPerSecond, 1),
          spread(row.timesFasterPeer, 2),
          (row.flopsPerSecond / 1e9).toFixed(0),
          percent(row.ofProduct),
          percent(row.ofConvolution),
          percent(row.ofBestConvolution),
        ]),
      ),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
