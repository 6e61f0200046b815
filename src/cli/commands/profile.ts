/** @file onnx-instdisc profile: where the time of a graph goes, by operator and by layer. */

import { availableParallelism } from "node:os";
import type { Argv, Options } from "yargs";
import { RECIPE_SETTINGS, type RecipeSettings } from "../../config/recipe.js";
import { SETTINGS, type Settings } from "../../config/settings.js";
import { UsageError } from "../../errors.js";
import type { Sizes } from "../../ir/cost.js";
import { groupNodes, type Line, type NodeTime } from "../../profile/aggregate.js";
import { measureProfile, type Profile, type ProfiledModel } from "../../profile/measure.js";
import { runtimeVersion } from "../../runtime/node.js";
import { counted } from "../format.js";
import { exitAtOnce, type Io } from "../io.js";
import { givenSettings, optionsOf, shownDefault } from "../option.js";
import { presetDefault } from "../presetText.js";
import { showProfile } from "../profileText.js";
import { withProgress } from "../progress.js";
import { GRAPHS, readProfiled, SOME_SIZES, type GraphName } from "../readProfiled.js";

/** So many runs of a large graph make a record of some hundred megabytes. */
const MOST_STEPS = 100;

/** The settings that a graph and its session are made by. */
const SHOWN_SETTINGS = Object.fromEntries(
  ["preset", "threads", ...Object.keys(RECIPE_SETTINGS)]
    .filter((name) => !["mean", "std", "resize", "seed"].includes(name))
    .map((name) => [name, SETTINGS[name as keyof typeof SETTINGS]]),
);

const REQUEST = {
  graph: {
    type: "string",
    choices: Object.keys(GRAPHS),
    requiresArg: true,
    defaultDescription: "step",
    describe: "which graph of a folder, or of the settings",
  },
  steps: { type: "number", default: 5, requiresArg: true, describe: "runs that are counted" },
  top: { type: "number", default: 15, requiresArg: true, describe: "lines of each table" },
  instances: {
    type: "number",
    requiresArg: true,
    defaultDescription: `a run's pictures, or ${SOME_SIZES.instances}`,
    describe: "rows of the bank",
  },
  batch: {
    type: "number",
    requiresArg: true,
    defaultDescription: String(SOME_SIZES.batch),
    describe: "pictures in a batch, for a model that takes any number",
  },
  sizes: {
    type: "string",
    requiresArg: true,
    describe: "sizes that a model leaves open, by their names: height=224,width=224",
  },
  json: { type: "boolean", default: false, describe: "print all as JSON" },
} as const satisfies Readonly<Record<string, Options>>;

interface Request {
  readonly path?: string | undefined;
  readonly graph?: GraphName | undefined;
  readonly steps: number;
  readonly top: number;
  readonly instances?: number | undefined;
  readonly batch?: number | undefined;
  readonly sizes?: string | undefined;
  readonly json: boolean;
}

export function profileCommand(parser: Argv, io: Io, ended: (interrupted: boolean) => void): void {
  parser.command(
    "profile [path]",
    "Show where the time of a training step goes, by operator and by layer",
    (command) =>
      command
        .positional("path", {
          type: "string",
          describe: "run, artifact folder or .onnx; by default, what train would build of the settings",
        })
        .options({
          ...REQUEST,
          ...optionsOf(SHOWN_SETTINGS, (name, setting) => presetDefault(name) ?? shownDefault(setting)),
        })
        .epilogue(
          "“of ceiling” compares with the time that the same arithmetic and the same traffic would take at the " +
            "speed of a product of matrices and of a pass over memory, both measured in the same run. What stays in " +
            "the processor's caches can be above 100 %.",
        )
        .example("$0 profile build/run", "a step of a run, as it is computed here")
        .example("$0 profile --preset cifar10 --width 16", "a step of what train would build")
        .example("$0 profile build/run --graph encoder --batch 1", "embedding one picture")
        .example("$0 profile model.onnx --sizes sequence=128", "another model"),
    async (parsed) => {
      const given = parsed as unknown as Request;
      const settings = givenSettings("profile", parsed, SHOWN_SETTINGS) as Settings & RecipeSettings;
      checkRequest(given);
      ended(await profile(given, settings, io));
    },
  );
}

function checkRequest({ steps, top, instances = 1, batch = 1 }: Request): void {
  const isCount = (value: number, most = Infinity) =>
    Number.isSafeInteger(value) && value >= 1 && value <= most;
  const faults = [
    ...(isCount(steps, MOST_STEPS)
      ? []
      : [`--steps is ${steps}, expected a whole number from 1 to ${MOST_STEPS}`]),
    ...Object.entries({ top, instances, batch })
      .filter(([, value]) => !isCount(value))
      .map(([name, value]) => `--${name} is ${value}, expected a whole number of at least 1`),
  ];
  if (faults.length > 0) throw new UsageError(`profile: ${faults.join("; ")}; correct these options`);
}

/** "height=224,width=224" with --batch and --instances. */
function sizesOf({ sizes: text = "", instances, batch }: Request): Sizes {
  const named = text.split(",").filter((item) => item.trim() !== "");
  const entries = named.map((item): [string, number] => {
    const [name = "", size = ""] = item.split("=").map((part) => part.trim());
    if (name !== "" && /^[1-9]\d*$/.test(size)) return [name, Number(size)];
    throw new UsageError(`--sizes: has "${item}", expected name=number, such as height=224; correct it`);
  });
  return {
    ...(instances === undefined ? {} : { instances }),
    ...(batch === undefined ? {} : { batch }),
    ...Object.fromEntries(entries),
  };
}

/** @returns whether it was interrupted */
async function profile(given: Request, settings: Settings, io: Io): Promise<boolean> {
  const { path, graph, steps, top, json } = given;
  const model = await readProfiled({ path, graph, settings, sizes: sizesOf(given) }, io);
  const threads = settings.threads ?? availableParallelism();
  const stop = new AbortController();
  const release = io.onInterrupt(() => (stop.signal.aborted ? exitAtOnce() : stop.abort()));
  try {
    const options = { ep: "cpu", threads, steps, signal: stop.signal } as const;
    const measured = await withProgress(io, (tell) => measureProfile(model, { ...options, tell }));
    const version = await runtimeVersion();
    io.stdout.write(
      json
        ? `${JSON.stringify(jsonOf(model, measured, { steps, threads, onnxruntime: version }))}\n`
        : `${showHead(model, steps, threads, version)}\n${showProfile(measured, top)}`,
    );
    return false;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    io.stderr.write("stopped\n");
    return true;
  } finally {
    release();
  }
}

function showHead({ where, graph }: ProfiledModel, steps: number, threads: number, version: string): string {
  const nodes = graph === null ? "" : `, ${counted(graph.nodes.length, "node")}`;
  const runs = `least times of ${counted(steps, "run")}`;
  return `${where}${nodes}; ONNX Runtime ${version} on cpu, ${counted(threads, "thread")}; ${runs}\n`;
}

/** Everything that was measured; times in ms of one run, the least of all runs. */
function jsonOf(model: ProfiledModel, measured: Profile, how: object): object {
  const lines = (keyOf: (node: NodeTime) => string) =>
    groupNodes(measured.nodes, keyOf, measured.ceilings).map(({ nodes: _, ...line }: Line) => line);
  return {
    model: model.where,
    sizes: model.sizes,
    ep: "cpu",
    ...how,
    ...measured,
    operators: lines(({ op }) => op),
    layers: lines(({ layer }) => layer),
  };
}
