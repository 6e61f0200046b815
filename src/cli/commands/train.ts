/** @file onnx-instdisc train: learns from pictures and writes a run folder. */

import { join } from "node:path";
import type { Argv, Options } from "yargs";
import { atomicWrite } from "../../artifact/node.js";
import { printSettings } from "../../config/printSettings.js";
import { SETTINGS, type Settings } from "../../config/settings.js";
import { RUN } from "../../run/layout.js";
import { LEVELS } from "../../run/records.js";
import { prepareRunFolder } from "../../run/runFolder.js";
import type { TrainSummary } from "../../train/plan.js";
import { startTraining } from "../../train/run.js";
import { counted, duration, percent, table } from "../format.js";
import { exitAtOnce, type Io } from "../io.js";
import { givenSettings, optionsOf, shownDefault } from "../option.js";
import { prepareRun, type PreparedRun } from "../prepareRun.js";
import { presetDefault } from "../presetText.js";
import { trainProgress } from "../progress.js";

/** Options that are no settings. */
const REQUEST = {
  config: {
    type: "string",
    requiresArg: true,
    group: "Run:",
    describe: "JSON or YAML file of the options below by name; options win over it, and it over the preset",
  },
  json: { type: "boolean", default: false, group: "Run:", describe: "print the summary as JSON" },
} as const satisfies Readonly<Record<string, Options>>;

interface Request {
  readonly config?: string | undefined;
  readonly json: boolean;
}

export function trainCommand(parser: Argv, io: Io, ended: (interrupted: boolean) => void): void {
  parser.command(
    "train",
    "Learn an encoder from pictures; labels are never used to learn",
    (command) =>
      command
        .options({
          ...REQUEST,
          ...optionsOf(SETTINGS, (name, setting) => presetDefault(name) ?? shownDefault(setting)),
        })
        .epilogue(
          "Without --preset it is sample, or small with --data; their defaults are shown. " +
            "The command presets lists all.",
        )
        .example("$0 train", "the embedded sample, a few minutes")
        .example("$0 train --data photos --epochs 50 --out build/photos", "your own pictures")
        .example("$0 train --preset cifar10 --data cifar10 --resume auto", "the authors' recipe, in parts")
        .example("$0 train --config build/run/config.resolved.json --out build/again", "a run once more"),
    async (parsed) => {
      const { config, json } = parsed as unknown as Request;
      const options = givenSettings("train", parsed, SETTINGS) as Settings;
      const prepared = await prepareRun(options, config, io);
      const summary = await train(prepared, io);
      io.stdout.write(json ? `${JSON.stringify(summary)}\n` : describe(summary, prepared));
      ended(summary.interrupted);
    },
  );
}

async function train({ plan, settings, folder }: PreparedRun, io: Io): Promise<TrainSummary> {
  if (folder !== "kept") {
    await prepareRunFolder(plan.out, folder === "replaced");
    await atomicWrite(join(plan.out, RUN.config), new TextEncoder().encode(printSettings(settings)));
  }
  const progress = trainProgress(io);
  const run = startTraining(plan, (event) => progress.show(event));
  let interrupts = 0;
  const release = io.onInterrupt(() => {
    progress.stop();
    if (++interrupts > 1) return exitAtOnce();
    io.stderr.write("stopping after this step; press again to stop at once\n");
    run.stop();
  });
  try {
    return await run.summary;
  } finally {
    release();
    progress.stop();
  }
}

function describe(summary: TrainSummary, { data, skippedPaths }: PreparedRun): string {
  const { levels, out } = summary;
  const [k, one] = (levels["raw pixels"] ?? []).map((level) => level.k);
  const cell = (level: { top1: number } | undefined) => (level ? percent(level.top1) : "");
  const rows = LEVELS.flatMap((name) => {
    const knn = levels[name];
    return knn ? [[name, cell(knn[0]), cell(knn[1])]] : [];
  });
  const head = ["held-out pictures, right by their neighbours", `k = ${k}`, `k = ${one}`];
  const known = rows.length > 0 ? `\n${table([head, ...rows])}` : "";
  const done = summary.interrupted
    ? `\nStopped after ${counted(summary.steps, "step")}; ${out} holds what was learned so far.\n`
    : `\nLearned in ${duration(summary.seconds)}: ${counted(summary.epochs, "epoch")}, ${counted(summary.steps, "step")}, loss ${summary.loss.toFixed(3)}.\n`;
  const files = `${describeLosses(summary, skippedPaths)}\n${out}/report.html shows curves and neighbours.\n${out}/exported/encoder.onnx maps pictures to vectors in any ONNX runtime; state.safetensors beside it holds weights and bank.\n`;
  if (summary.interrupted) return `${done}${known}${files}Next: npx onnx-instdisc train --resume ${out}\n`;
  return `${done}${known}${files}Next:\n${table(nextCommands(summary, data), "left")}`;
}

/** Each with what it is for. */
function nextCommands({ out, epochs }: TrainSummary, data: string | undefined): string[][] {
  const train =
    data === undefined
      ? ["train --data path/to/your/pictures --out build/mine", "learn from your own pictures"]
      : [`train --data ${data} --epochs ${epochs * 2 || 1} --out ${out}-longer`, "learn for longer"];
  return [
    [`serve ${out}`, "search and label these pictures in your browser"],
    [`export ${out} --out build/encoder`, "the encoder for any runtime, with a model card"],
    [`duplicates ${out}`, "pictures that are there twice"],
    train,
  ].map(([command, what]) => [`npx onnx-instdisc ${command}`, what!]);
}

/** What of the data was not learned from. */
function describeLosses({ brokenPictures, out }: TrainSummary, skippedPaths: number): string {
  if (brokenPictures + skippedPaths === 0) return "";
  const paths = skippedPaths > 0 ? ` and ${counted(skippedPaths, "path")}` : "";
  return `\n${counted(brokenPictures, "picture")}${paths} could not be read and ${brokenPictures + skippedPaths === 1 ? "was" : "were"} left out; ${out}/${RUN.log} names the pictures.\n`;
}
