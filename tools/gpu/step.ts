/**
 * @file How many pictures a second does a GPU learn from, beside PyTorch on the same one?
 *
 *     node dist/tools/gpu/step.js [--ep cuda|cpu] [--case resnet18:128,resnet18:512,resnet50:64,resnet50:256]
 *         [--width 64] [--ours "tf32,tf32 captured,tf32 nhwc,fp16,bf16"]
 *         [--peers "eager tf32,compile tf32,eager bf16,compile bf16"] [--tune off|fast|full] [--repetitions 7] [--turn 0.5]
 *
 * One process after the other, since two together would not have room: ours on the device, by precision, and PyTorch eager
 * and compiled. "captured": launched as one CUDA graph; "nhwc": the provider's convolutions in cuDNN's other layout. All
 * copy a batch to the device in every step and read the loss; the losses of their first steps are compared. --tune full (as
 * by default) measures the ways of computing first; what was measured is remembered, for `train` too. A side that fails is
 * told of, and the others go on.
 *
 * Memory is what the GPU's used memory rose by when a process had taken its first steps. The share of convolutions is the
 * time of all of a step's, forward and backward, by the time of the step: PyTorch's by its profiler, ours alone in one run
 * (parts.ts). Writes a table to stderr and JSON to stdout. It looks for Python with PyTorch as ../child.ts says; --peers ""
 * leaves it out.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TUNE_MODES, type TuneMode } from "../../src/artifact/tuneMode.js";
import { bytes, percent, table } from "../../src/cli/format.js";
import { startNode, startPython } from "../bench/lineChild.js";
import { MACHINE, quartiles, VERSIONS } from "../bench/machine.js";
import { CHECKED_STEPS, chosenCases, INSTANCES, writeCase, type StepCase } from "../bench/stepCases.js";
import { stepFlops } from "../bench/stepFlops.js";
import { stepProcess, type StepDetails, type StepProcess } from "../bench/stepProcess.js";
import { countFor, spread, takeTurns, timesAsFast } from "../bench/turns.js";
import { EPS, type Ep } from "./openDevice.js";
import { CONVOLUTIONS } from "./parts.js";

const { values: given } = parseArgs({
  options: {
    ep: { type: "string", default: "cuda" },
    case: { type: "string", default: "resnet18:128,resnet18:512,resnet50:64,resnet50:256" },
    width: { type: "string", default: "64" },
    ours: { type: "string", default: "tf32,tf32 captured,tf32 nhwc,fp16,bf16" },
    peers: { type: "string", default: "eager tf32,compile tf32,eager bf16,compile bf16" },
    tune: { type: "string", default: "full" },
    repetitions: { type: "string", default: "7" },
    turn: { type: "string", default: "0.5" },
  },
});
if (!EPS.includes(given.ep as Ep)) throw new Error(`--ep: found ${given.ep}, expected ${EPS.join(" or ")}`);
const tune = given.tune as TuneMode;
if (!TUNE_MODES.includes(tune)) throw new Error(`--tune: found ${tune}, expected ${TUNE_MODES.join(", ")}`);
const words = (text: string): string[] => text.split(",").filter((word) => word !== "");
/** Relative, of the first loss: half types keep two to three digits, and deep networks make more of it. */
const TOLERANCE = 0.02;
/** What names of parts begin with that are convolutions. */
const CONVOLVING = [...CONVOLUTIONS, "aten::convolution"];

interface Side {
  readonly name: string;
  start(): Promise<StepProcess>;
}

/** Seconds of a step, in the order of measurement, and what else is known of a side. */
interface Measured extends StepDetails {
  readonly name: string;
  readonly losses: readonly number[];
  readonly memory: number | null;
  readonly stepsInTurn: number;
  readonly seconds: readonly number[];
}

/** null where no tool says it. */
function usedBytes(): number | null {
  try {
    const text = execFileSync("nvidia-smi", ["--query-gpu=memory.used", "--format=csv,noheader,nounits"]);
    return Number(String(text).split("\n")[0]) * 2 ** 20;
  } catch {
    return null;
  }
}

function ourSide(way: string, inputs: string): Side {
  const name = `ours ${way}`;
  const start = () => startNode("../gpu/stepOnDevice.js", [inputs, given.ep, way]);
  return { name, start: async () => stepProcess(name, await start()) };
}

function peerSide(peer: string, inputs: string): Side {
  const [mode, precision] = peer.split(" ") as [string, string];
  const name = `PyTorch ${peer}`;
  const layout = precision === "tf32" || precision === "fp32" ? "eager" : "channels_last";
  const args = [inputs, "--layout", layout, "--device", given.ep, "--precision", precision];
  if (mode === "compile") args.push("--compile");
  return { name, start: async () => stepProcess(name, await startPython("step.py", args)) };
}

/** null: it failed, as stderr says. */
async function measure({ name, start }: Side): Promise<Measured | null> {
  process.stderr.write(`  ${name}\n`);
  const before = usedBytes();
  let step: StepProcess | null = null;
  try {
    step = await start();
    const losses = await step.take(CHECKED_STEPS);
    const after = usedBytes();
    const first = await takeTurns([step], 1, 3);
    const stepsInTurn = countFor(Number(given.turn), first.get(name)![0]!);
    const seconds = (await takeTurns([step], Number(given.repetitions), stepsInTurn)).get(name)!;
    const memory = before === null || after === null ? null : after - before;
    return { name, losses, memory, stepsInTurn, seconds, ...(await step.details()) };
  } catch (error) {
    process.stderr.write(`  ${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  } finally {
    await step?.close();
  }
}

/** First losses that differ from the first side's by more than half types explain, in words. */
function differences(sides: readonly Measured[]): string[] {
  const expected = sides[0]?.losses[0] ?? NaN;
  return sides.flatMap(({ name, losses: [found] }) =>
    Math.abs(found! / expected - 1) > TOLERANCE
      ? [`${name}: first loss ${found}, expected ${expected} as of ${sides[0]!.name}`]
      : [],
  );
}

/** Of the step; null: not known. */
function convolutionShare({ parts, seconds }: Measured): number | null {
  const times = Object.entries(parts).flatMap(([name, value]) =>
    CONVOLVING.some((kind) => name.startsWith(kind)) ? [value] : [],
  );
  if (times.length === 0 || times.includes(null)) return null;
  return times.reduce<number>((sum, value) => sum + value!, 0) / quartiles(seconds).median;
}

async function compare(one: StepCase, folder: string) {
  process.stderr.write(`${one.name}, batch ${one.recipe.batchSize}\n`);
  writeCase(one, folder, { threads: availableParallelism(), tune });
  const asked = [
    ...words(given.ours).map((way) => ourSide(way, folder)),
    ...words(given.peers).map((peer) => peerSide(peer, folder)),
  ];
  const sides: Measured[] = [];
  for (const side of asked) {
    const measured = await measure(side);
    if (measured !== null) sides.push(measured);
  }
  const flops = stepFlops(one.recipe, INSTANCES);
  const peer = sides.find(({ name }) => name.startsWith("PyTorch eager"))?.name ?? sides[0]?.name ?? "";
  const seconds = new Map(sides.map((side) => [side.name, [...side.seconds]]));
  const results = sides.map((side) => ({
    ...side,
    picturesPerSecond: quartiles(side.seconds.map((value) => one.recipe.batchSize / value)),
    timesPeer: timesAsFast(side.name, peer, seconds),
    flopsPerSecond: flops / quartiles(side.seconds).median,
    convolutionShare: convolutionShare(side),
  }));
  return { case: one.name, recipe: one.recipe, flops, peer, differences: differences(sides), results };
}

/** "resnet18:128" */
function casesOf(text: string): StepCase[] {
  return words(text).flatMap((word) => {
    const [arch, batch] = word.split(":") as [string, string | undefined];
    return chosenCases({ arch, width: given.width, objective: "softmax", "batch-size": batch });
  });
}

function show(results: readonly Awaited<ReturnType<typeof compare>>[]): void {
  const unless = (value: number | null, words: (value: number) => string) =>
    value === null ? "unknown" : words(value);
  process.stderr.write(
    table([
      ["", "images/s", "times PyTorch eager", "TFLOP/s", "GPU memory", "convolutions", "over the bus"],
      ...results.flatMap((result) =>
        result.results.map((row) => [
          `${result.case}, batch ${result.recipe.batchSize}: ${row.name}`,
          spread(row.picturesPerSecond, 0),
          spread(row.timesPeer, 2),
          (row.flopsPerSecond / 1e12).toFixed(2),
          unless(row.memory, bytes),
          unless(row.convolutionShare, percent),
          bytes(row.bytesOverBus),
        ]),
      ),
    ]),
  );
  for (const { differences } of results)
    for (const line of differences) process.stderr.write(`losses differ: ${line}\n`);
}

const folder = mkdtempSync(join(tmpdir(), "instdisc-gpu-step-"));
try {
  const results = [];
  for (const [at, one] of casesOf(given.case).entries()) {
    results.push(await compare(one, join(folder, String(at))));
    show(results.slice(-1));
  }
  process.stdout.write(
    `${JSON.stringify({ machine: MACHINE, versions: VERSIONS, given, results }, null, 1)}\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
