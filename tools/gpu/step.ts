/**
 * @file How many pictures a second does a GPU learn from, beside PyTorch on the same one?
 *
 *     node dist/tools/gpu/step.js [--ep cuda|cpu] [--case resnet18:128,resnet18:512,resnet50:64,resnet50:256]
 *         [--width 64] [--ours tf32,fp16,bf16] [--peers "eager tf32,compile tf32,eager bf16,compile bf16"]
 *         [--repetitions 9] [--turn 1] [--capture on|off]
 *
 * Processes that take turns, as in ../bench/step.ts: ours on the device, by precision, and PyTorch eager and compiled.
 * All copy a batch to the device in every step and read the loss. Memory is what the GPU's used memory rose by when a
 * process had taken its first steps. Writes a table to stderr and JSON to stdout. It looks for Python with PyTorch as
 * ../child.ts says; --peers "" leaves it out.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bytes, table } from "../../src/cli/format.js";
import { startNode, startPython } from "../bench/lineChild.js";
import { MACHINE, quartiles, VERSIONS } from "../bench/machine.js";
import { CHECKED_STEPS, chosenCases, INSTANCES, writeCase, type StepCase } from "../bench/stepCases.js";
import { stepFlops } from "../bench/stepFlops.js";
import { checkLosses, stepProcess, type StepProcess } from "../bench/stepProcess.js";
import { countFor, spread, takeTurns, timesAsFast } from "../bench/turns.js";
import { EPS, type Ep } from "./openDevice.js";

const { values: given } = parseArgs({
  options: {
    ep: { type: "string", default: "cuda" },
    case: { type: "string", default: "resnet18:128,resnet18:512,resnet50:64,resnet50:256" },
    width: { type: "string", default: "64" },
    ours: { type: "string", default: "tf32,fp16,bf16" },
    peers: { type: "string", default: "eager tf32,compile tf32,eager bf16,compile bf16" },
    repetitions: { type: "string", default: "9" },
    turn: { type: "string", default: "1" },
    capture: { type: "string", default: "on" },
  },
});
if (!EPS.includes(given.ep as Ep)) throw new Error(`--ep: found ${given.ep}, expected ${EPS.join(" or ")}`);
const words = (text: string): string[] => text.split(",").filter((word) => word !== "");
/** Relative, of the first loss: half types keep two to three digits, and deep networks make more of it. */
const TOLERANCE = 0.02;

/** null where no tool says it. */
function usedBytes(): number | null {
  try {
    const text = execFileSync("nvidia-smi", ["--query-gpu=memory.used", "--format=csv,noheader,nounits"]);
    return Number(String(text).split("\n")[0]) * 2 ** 20;
  } catch {
    return null;
  }
}

function startOurs(precision: string, inputs: string): Promise<StepProcess> {
  const tf32 = precision === "fp32" ? "off" : "on";
  const type = precision === "tf32" ? "fp32" : precision;
  const args = [inputs, given.ep, type, tf32, given.ep === "cuda" ? given.capture : "off"];
  return startNode("../gpu/stepOnDevice.js", args).then((child) => stepProcess(`ours ${precision}`, child));
}

async function startPeer(peer: string, inputs: string): Promise<StepProcess> {
  const [mode, precision] = peer.split(" ") as [string, string];
  const layout = precision === "tf32" || precision === "fp32" ? "eager" : "channels_last";
  const args = [inputs, "--layout", layout, "--device", given.ep, "--precision", precision];
  const child = await startPython("step.py", mode === "compile" ? [...args, "--compile"] : args);
  return stepProcess(`PyTorch ${peer}`, child);
}

async function startAll(inputs: string) {
  const starts = [
    ...words(given.ours).map((precision) => () => startOurs(precision, inputs)),
    ...words(given.peers).map((peer) => () => startPeer(peer, inputs)),
  ];
  const sides: { readonly step: StepProcess; readonly memory: number | null }[] = [];
  const losses: Record<string, readonly number[]> = {};
  for (const start of starts) {
    const before = usedBytes();
    const step = await start();
    Object.assign(losses, await checkLosses([step], CHECKED_STEPS, TOLERANCE));
    const after = usedBytes();
    sides.push({ step, memory: before === null || after === null ? null : after - before });
  }
  return { sides, losses };
}

/** First losses that differ from the first side's by more than half types explain, in words. */
function differences(losses: Readonly<Record<string, readonly number[]>>): string[] {
  const [[, expected], ...others] = Object.entries(losses) as [[string, number[]], ...[string, number[]][]];
  return others.flatMap(([name, found]) =>
    Math.abs(found[0]! / expected[0]! - 1) > TOLERANCE
      ? [`${name}: first loss ${found[0]}, expected ${expected[0]}`]
      : [],
  );
}

async function compare(one: StepCase, folder: string) {
  process.stderr.write(`${one.name}, batch ${one.recipe.batchSize}: starting\n`);
  writeCase(one, folder, { threads: availableParallelism(), tune: "off" });
  const { sides, losses } = await startAll(folder);
  const steps = sides.map(({ step }) => step);
  try {
    const first = await takeTurns(steps, 1, 3);
    const count = countFor(Number(given.turn), Math.max(...[...first.values()].flat()));
    const seconds = await takeTurns(steps, Number(given.repetitions), count);
    const flops = stepFlops(one.recipe, INSTANCES);
    const peer = steps.find(({ name }) => name.startsWith("PyTorch eager"))?.name ?? steps[0]!.name;
    const results = sides.map(({ step: { name, ready }, memory }) => ({
      name,
      memory,
      bytesOverBus: (ready as { readonly bytesOverBus?: number }).bytesOverBus ?? null,
      picturesPerSecond: quartiles(seconds.get(name)!.map((value) => one.recipe.batchSize / value)),
      timesPeer: timesAsFast(name, peer, seconds),
      flopsPerSecond: flops / quartiles(seconds.get(name)!).median,
    }));
    return {
      case: one.name,
      recipe: one.recipe,
      ...{ stepsInTurn: count, flops, peer, losses, differences: differences(losses), results },
    };
  } finally {
    for (const step of steps) await step.close();
  }
}

/** "resnet18:128" */
function casesOf(text: string): StepCase[] {
  return words(text).flatMap((word) => {
    const [arch, batch] = word.split(":") as [string, string | undefined];
    return chosenCases({ arch, width: given.width, objective: "softmax", "batch-size": batch });
  });
}

const folder = mkdtempSync(join(tmpdir(), "instdisc-gpu-step-"));
try {
  const results = [];
  for (const [at, one] of casesOf(given.case).entries())
    results.push(await compare(one, join(folder, String(at))));
  process.stdout.write(
    `${JSON.stringify({ machine: MACHINE, versions: VERSIONS, given, results }, null, 1)}\n`,
  );
  const size = (value: number | null) => (value === null ? "unknown" : bytes(value));
  process.stderr.write(
    table([
      ["", "images/s", "times eager", "TFLOP/s", "GPU memory", "over the bus"],
      ...results.flatMap((result) =>
        result.results.map((row) => [
          `${result.case}, batch ${result.recipe.batchSize}: ${row.name}`,
          spread(row.picturesPerSecond, 0),
          spread(row.timesPeer, 2),
          (row.flopsPerSecond / 1e12).toFixed(2),
          size(row.memory),
          size(row.bytesOverBus),
        ]),
      ),
    ]),
  );
  for (const { differences } of results)
    for (const line of differences) process.stderr.write(`losses differ: ${line}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
