/** @file From the portable graphs of a run to those that its provider runs fastest; the run keeps them. */

import type { Machine } from "../artifact/tuning.js";
import { ArtifactError } from "../errors.js";
import { encodeGraph, FILES, readSources, type SourceGraphs } from "../build/sourceGraphs.js";
import type { Graph } from "../ir/graph.js";
import type { Precision } from "../ir/precision.js";
import { lower } from "../lower/lower.js";
import { fixSizes } from "../lower/passes/fixSizes.js";
import { withPrecision } from "../lower/precision.js";
import type { Target } from "../lower/target.js";
import { readTunedGraphs, writeTunedGraphs, type TunedGraphs } from "../run/tuned.js";
import { TuningCache } from "../tune/cache.js";
import { deviceTarget, machineTarget, type MachineTarget } from "../tune/machine.js";
import { measureOn } from "../tune/measure.js";
import { tuneGraphs, type Tuned } from "../tune/tuneGraphs.js";
import type { Journal } from "./journal.js";
import type { RunProvider } from "./openProvider.js";
import type { FittedPlan, RunningPlan } from "./plan.js";

/** The portable graphs, for every machine. */
export const asItIs = (plan: RunningPlan): FittedPlan => ({ ...plan, executed: plan.files });

/**
 * The graphs that the run began with, where it goes on and they fit this machine; else new ones, which are written into
 * its folder.
 * @param progress of what is measured
 * @throws ArtifactError when they cannot be written; what `progress` throws
 */
export async function fitGraphs(
  plan: RunningPlan,
  journal: Journal,
  progress: (done: number, total: number) => void,
): Promise<FittedPlan> {
  if (plan.ep === "cpu" && plan.tune === "off") return asItIs(plan);
  const fitted = await fittedMachine(plan);
  if (plan.resume !== null) {
    const stored = await readTunedGraphs(plan.out);
    const change =
      stored === null
        ? "those of the run are gone or damaged"
        : changeOf(stored, fitted.machine, plan.provider);
    if (stored !== null && change === null) return { ...plan, executed: stored.files };
    journal.note(`fits the graphs to this machine anew, ${change}: results may differ in their last digits`);
  }
  const sources = plan.sources ?? readSources(plan.manifest.recipe, plan.files);
  if (sources === null) {
    if (plan.ep !== "cpu") throw otherSources(plan);
    journal.note(
      "runs its graphs untuned: this version of onnx-instdisc would build others from their recipe",
    );
    return asItIs(plan);
  }
  const run = runSources(plan, sources);
  const tuned = await tune(plan, run, fitted, journal, progress);
  tell(tuned, journal);
  const graphs = lowered(plan, run, fitted, tuned);
  await writeTunedGraphs(plan.out, graphs);
  return { ...plan, executed: graphs.files };
}

function fittedMachine({
  ep,
  threads,
  cuda,
  provider: { target, gpu },
}: RunningPlan): Promise<MachineTarget> {
  return ep === "cpu" ? machineTarget(threads) : deviceMachine(target, gpu, cuda?.tf32 ?? false);
}

/**
 * TF32 makes some ways faster than others: what was measured holds with it, or without.
 * @param gpu as it names itself; null: unknown
 */
export function deviceMachine(target: Target, gpu: string | null, tf32: boolean): Promise<MachineTarget> {
  return deviceTarget(target, gpu !== null && tf32 ? `${gpu} with TF32` : gpu);
}

/** What a device runs of a graph: all sizes are fixed, so that no node waits for the host. */
export function forDevice(graph: Graph, instances: number, precision: Precision): Graph {
  return withPrecision(fixSizes(graph, { instances }), precision);
}

/** What is run of the graphs. On the CPU the portable encoder is; elsewhere all sizes are fixed. */
function runSources({ ep, provider, train }: RunningPlan, sources: SourceGraphs): SourceGraphs {
  if (ep === "cpu") return new Map([...sources].filter(([name]) => name !== FILES.encoder));
  const isStep = (name: string) => name === FILES.trainStep || name === FILES.accumulateStep;
  return new Map(
    [...sources].map(([name, graph]) => [
      name,
      forDevice(graph, train.rowCount, isStep(name) ? provider.precision : "fp32"),
    ]),
  );
}

async function tune(
  { tune: mode, provider: { device } }: RunningPlan,
  graphs: SourceGraphs,
  fitted: MachineTarget,
  journal: Journal,
  progress: (done: number, total: number) => void,
): Promise<Tuned> {
  const cache = new TuningCache(fitted.machine, (line) => journal.note(line));
  const measure = device === null ? {} : { measure: measureOn(device) };
  // An encoder's batches are of any size.
  const measured = [...graphs].flatMap(([name, graph]) => (name === FILES.encoder ? [] : [graph]));
  return tuneGraphs(measured, fitted, { mode, cache, progress, ...measure });
}

function otherSources({ ep, out }: RunningPlan): ArtifactError {
  return new ArtifactError(
    `${out}: its graphs are not those that this version of onnx-instdisc builds from their recipe, which are needed to ` +
      `fit them to ${ep}; build the folder anew with build-graph, or leave --ep out`,
  );
}

/** What of all that bits depend on is not as it was, in words; null: nothing. */
function changeOf(
  { record }: TunedGraphs,
  machine: Machine,
  provider: Pick<RunProvider, "precision" | "sessionOptions">,
): string | null {
  const flat = (of: Machine, { precision, sessionOptions }: typeof provider) =>
    new Map<string, string | number | null>(Object.entries({ ...of, precision, ...sessionOptions }));
  const before = flat(record.machine, record);
  const now = flat(machine, provider);
  const changes = [...new Set([...now.keys(), ...before.keys()])].flatMap((name) => {
    const [here, there] = [now.get(name) ?? "none", before.get(name) ?? "none"];
    return here === there ? [] : [`${inWords(name)} is ${here}, was ${there}`];
  });
  return changes.length === 0 ? null : changes.join("; ");
}

/** "blockSize" → "block size". */
const inWords = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function lowered(
  { manifest, tune: mode, provider: { precision, sessionOptions } }: RunningPlan,
  sources: SourceGraphs,
  { machine, target }: MachineTarget,
  { choices }: Tuned,
): TunedGraphs {
  const files = [...sources].map(
    ([name, graph]) => [name, encodeGraph(name, lower(graph, target, choices), manifest)] as const,
  );
  const record = { machine, mode, precision, sessionOptions, choices: Object.fromEntries(choices) };
  return { record, files: new Map(files) };
}

function tell({ measured, left }: Tuned, journal: Journal): void {
  if (left === 0) return;
  journal.note(
    `tuning measured ${measured} of ${measured + left} kinds of operators, the rest goes by its shapes; ` +
      "--tune full measures all of them, once",
  );
}
