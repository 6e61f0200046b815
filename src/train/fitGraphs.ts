/** @file From the portable graphs of a run to those that its provider runs, on the CPU fastest; the run keeps them. */

import type { Machine } from "../artifact/tuning.js";
import { ArtifactError } from "../errors.js";
import { encodeGraph, FILES, readSources, type SourceGraphs } from "../build/sourceGraphs.js";
import { lower } from "../lower/lower.js";
import { readTunedGraphs, writeTunedGraphs, type TunedGraphs } from "../run/tuned.js";
import { TuningCache } from "../tune/cache.js";
import { deviceTarget, machineTarget, type MachineTarget } from "../tune/machine.js";
import { tuneGraphs, type Tuned } from "../tune/tuneGraphs.js";
import type { Journal } from "./journal.js";
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
  const { sessionOptions, target } = plan.provider;
  const fitted = await (plan.ep === "cpu" ? machineTarget(plan.threads) : deviceTarget(target));
  if (plan.resume !== null) {
    const stored = await readTunedGraphs(plan.out);
    const change =
      stored === null
        ? "those of the run are gone or damaged"
        : changeOf(stored, fitted.machine, sessionOptions);
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
  const run = new Map([...sources].filter(([name]) => plan.ep !== "cpu" || name !== FILES.encoder));
  const tuned = await tune(plan, run, fitted, journal, progress);
  tell(tuned, journal);
  const graphs = lowered(plan, run, fitted, tuned);
  await writeTunedGraphs(plan.out, graphs);
  return { ...plan, executed: graphs.files };
}

/** Only the CPU is measured: on a device, shapes decide. */
async function tune(
  { ep, tune: mode }: RunningPlan,
  graphs: SourceGraphs,
  fitted: MachineTarget,
  journal: Journal,
  progress: (done: number, total: number) => void,
): Promise<Tuned> {
  if (ep !== "cpu") return { choices: new Map(), measured: 0, left: 0 };
  const cache = new TuningCache(fitted.machine, (line) => journal.note(line));
  return tuneGraphs(graphs.values(), fitted, { mode, cache, progress });
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
  sessionOptions: Readonly<Record<string, string>>,
): string | null {
  const flat = (of: Machine, options: Readonly<Record<string, string>>) =>
    new Map<string, string | number | null | undefined>(Object.entries({ ...of, ...options }));
  const before = flat(record.machine, record.sessionOptions);
  const now = flat(machine, sessionOptions);
  const changes = [...new Set([...now.keys(), ...before.keys()])].flatMap((name) => {
    const [here, there] = [now.get(name) ?? "none", before.get(name) ?? "none"];
    return here === there ? [] : [`${name} is ${here}, was ${there}`];
  });
  return changes.length === 0 ? null : changes.join("; ");
}

function lowered(
  { manifest, ep, tune, provider }: RunningPlan,
  sources: SourceGraphs,
  { machine, target }: MachineTarget,
  { choices }: Tuned,
): TunedGraphs {
  const files = [...sources].map(
    ([name, graph]) => [name, encodeGraph(name, lower(graph, target, choices), manifest)] as const,
  );
  const { sessionOptions } = provider;
  const mode = ep === "cpu" ? tune : "off";
  const record = { machine, mode, sessionOptions, choices: Object.fromEntries(choices) };
  return { record, files: new Map(files) };
}

function tell({ measured, left }: Tuned, journal: Journal): void {
  if (left === 0) return;
  journal.note(
    `tuning measured ${measured} of ${measured + left} kinds of operators, the rest goes by its shapes; ` +
      "--tune full measures all of them, once",
  );
}
