/**
 * @file How fast can this processor be driven at all? Single operators of ONNX Runtime beside those of PyTorch: a matrix
 * product, the convolutions of ResNet-18, and a pass over memory.
 *
 *     node dist/tools/bench/ceilings.js [--repetitions 9] [--threads 2]
 *
 * Contestants of one kind of work take turns. Memory is the bytes that are read and written: ONNX Runtime's Relu writes
 * over what it reads after its first pass, PyTorch's copy_ writes to another place. Writes a table to stderr and JSON to
 * stdout.
 */

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { table } from "../../src/cli/format.js";
import { CEILINGS, openCeiling, WARM_UPS, type Ceiling } from "./ceilingModels.js";
import { startPython, type LineChild } from "./lineChild.js";
import { LOAD, MACHINE, quartiles, VERSIONS, warnIfBusy } from "./machine.js";
import { spread, takeTurns, type Contestant } from "./turns.js";

const { values: given } = parseArgs({
  options: {
    repetitions: { type: "string", default: "9" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const threads = Number(given.threads);
const repetitions = Number(given.repetitions);

function peerOf(child: LineChild, name: string): Contestant {
  return {
    name: `PyTorch ${name}`,
    measure: async (count) => ((await child.ask(`${count} ${name}`)) as { seconds: number }).seconds,
  };
}

async function compare(ceiling: Ceiling, child: LineChild) {
  const ours = await openCeiling(ceiling, threads);
  const contestants = [ours, ...Object.keys(ceiling.peers).map((name) => peerOf(child, name))];
  for (const { measure } of contestants) await measure(WARM_UPS);
  const seconds = await takeTurns(contestants, repetitions);
  await ours.close();
  const work = [ceiling.work, ...Object.values(ceiling.peers)];
  return contestants.map(({ name }, at) => ({
    kind: ceiling.kind,
    name,
    /** Operations, or bytes, a second. */
    rate: quartiles(seconds.get(name)!.map((one) => work[at]! / one)),
    best: work[at]! / Math.min(...seconds.get(name)!),
  }));
}

warnIfBusy();
const child = await startPython("ceilings.py", ["--threads", given.threads]);
const results = [];
for (const ceiling of CEILINGS) results.push(...(await compare(ceiling, child)));
await child.close();

const report = {
  what: "operations or bytes a second of single operators",
  machine: MACHINE,
  load: LOAD,
  versions: { ...VERSIONS, ...(child.ready as object) },
  ...{ threads, warmUps: WARM_UPS, repetitions },
  results,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
process.stderr.write(
  table([
    ["", "unit", "median (quartiles)", "best"],
    ...results.map(({ kind, name, rate, best }) => [
      name,
      kind === "memory" ? "GB/s" : "GFLOP/s",
      spread(
        { median: rate.median / 1e9, lower: rate.lower / 1e9, upper: rate.upper / 1e9 },
        kind === "memory" ? 1 : 0,
      ),
      (best / 1e9).toFixed(kind === "memory" ? 1 : 0),
    ]),
  ]),
);
