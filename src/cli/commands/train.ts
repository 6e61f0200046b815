/** @file onnx-instdisc train: learns from pictures and writes a run folder. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Argv, Options } from "yargs";
import type { Manifest } from "../../artifact/manifest.js";
import { readArtifact } from "../../artifact/node.js";
import { buildArtifact, type BuiltArtifact } from "../../build/buildArtifact.js";
import { checkRecipe } from "../../build/recipe.js";
import { locateData, type LocatedData } from "../../data/locate.js";
import { measureNormalization } from "../../data/normalization.js";
import { ProviderError, UsageError } from "../../errors.js";
import { EXECUTION_PROVIDERS } from "../../ir/executionProvider.js";
import { RUN } from "../../run/layout.js";
import { LEVELS } from "../../run/records.js";
import { findCheckpoint, type FoundCheckpoint } from "../../run/resume.js";
import { prepareRunFolder } from "../../run/runFolder.js";
import { BANK_INITS, checkPlan, type TrainPlan, type TrainSummary } from "../../train/plan.js";
import { OWN_PICTURES, SAMPLE, type Preset } from "../../train/presets.js";
import { startTraining } from "../../train/run.js";
import { counted, duration, percent, table } from "../format.js";
import { INIT_OPTIONS, readInitialWeights, withInitialWeights, type InitArguments } from "../initFrom.js";
import { exitAtOnce, type Io } from "../io.js";
import { optionName } from "../option.js";
import { trainProgress } from "../progress.js";
import { checkNumbers, RECIPE_OPTIONS, type RecipeArguments } from "../recipeOptions.js";
import { provisionalRecipe, SETTLED_OPTIONS, settleRecipe } from "../settleRecipe.js";

/** Pictures that mean and standard deviation are measured on. */
const MEASURED_PICTURES = 2000;

const HOW = "How it learns:";
const number = (describe: string, defaultDescription: string): Options & { type: "number" } => ({
  type: "number",
  describe,
  defaultDescription,
  requiresArg: true,
  group: HOW,
});

const OPTIONS = {
  data: {
    type: "string",
    requiresArg: true,
    describe: "folder of pictures, class folders, or idx files",
    defaultDescription: "the embedded sample",
  },
  graph: {
    type: "string",
    requiresArg: true,
    describe: "artifact folder from build-graph, instead of the options under “What is built”",
  },
  out: {
    type: "string",
    requiresArg: true,
    default: "build/run",
    describe: "folder for the trained encoder, bank and metrics",
  },
  overwrite: { type: "boolean", default: false, describe: "replace an earlier run in --out" },
  resume: {
    type: "string",
    requiresArg: true,
    describe: "go on from the newest checkpoint of --out (auto), of a run folder, or from a checkpoint file",
  },
  "checkpoint-every": number("steps between checkpoints", "one epoch"),
  keep: { ...number("newest checkpoints to keep, beside the best", "2"), default: 2 },
  ep: {
    choices: EXECUTION_PROVIDERS,
    default: "cpu" as const,
    requiresArg: true,
    describe: "execution provider",
  },
  json: { type: "boolean", default: false, describe: "print the summary as JSON" },
  epochs: number("passes over the pictures", "100; sample: 16"),
  lr: number("highest learning rate", "0.03"),
  "warmup-steps": number("steps of linear warm-up", "100; sample: 50"),
  schedule: {
    choices: ["cosine", "constant"] as const,
    requiresArg: true,
    group: HOW,
    describe: "learning rate after the warm-up",
    defaultDescription: "cosine",
  },
  "bank-init": {
    choices: BANK_INITS,
    requiresArg: true,
    group: HOW,
    describe: "bank rows before the first step",
    defaultDescription: "forward",
  },
  "crop-scale": number("least share of the picture that a random crop keeps", "0.2; sample: 0.6"),
  flip: number("probability of a horizontal flip", "0.5"),
  jitter: number(
    "strength of brightness, contrast, saturation and hue jitter",
    "0.4; sample: 0.6, brightness and contrast only",
  ),
  gray: number("probability of turning gray", "0.2; sample: 0"),
  "knn-temperature": { ...number("τ of the kNN vote", "0.07"), default: 0.07 },
  threads: number("threads of the runtime", "one for each processor"),
  "data-workers": number("threads that decode and augment", "2"),
  ...SETTLED_OPTIONS,
  ...INIT_OPTIONS,
} as const;

interface TrainArguments extends RecipeArguments, InitArguments {
  readonly data?: string | undefined;
  readonly graph?: string | undefined;
  readonly out: string;
  readonly overwrite: boolean;
  readonly resume?: string | undefined;
  readonly checkpointEvery?: number | undefined;
  readonly keep: number;
  readonly ep: string;
  readonly json: boolean;
  readonly epochs?: number | undefined;
  readonly lr?: number | undefined;
  readonly warmupSteps?: number | undefined;
  readonly schedule?: "cosine" | "constant" | undefined;
  readonly bankInit?: TrainPlan["bankInit"] | undefined;
  readonly cropScale?: number | undefined;
  readonly flip?: number | undefined;
  readonly jitter?: number | undefined;
  readonly gray?: number | undefined;
  readonly knnTemperature: number;
  readonly threads?: number | undefined;
  readonly dataWorkers?: number | undefined;
}

export function trainCommand(parser: Argv, io: Io, ended: (interrupted: boolean) => void): void {
  parser.command(
    "train",
    "Learn an encoder from pictures; labels are never used to learn",
    (command) =>
      command
        .options(OPTIONS)
        .epilogue(
          "Without --data: resnet10 of width 8, 28 pixels, batches of 64. With --data: the defaults shown.",
        )
        .example("$0 train", "the embedded sample, a few minutes")
        .example("$0 train --data photos --epochs 50 --out build/photos", "your own pictures"),
    async (given) => {
      const summary = await train(given as unknown as TrainArguments, io);
      io.stdout.write(given.json ? `${JSON.stringify(summary)}\n` : describe(summary, given.data));
      ended(summary.interrupted);
    },
  );
}

async function train(given: TrainArguments, io: Io): Promise<TrainSummary> {
  checkNumbers(given);
  if (given.ep !== "cpu") {
    throw new ProviderError(
      `--ep ${given.ep}: training on ${given.ep} is not available in this version, expected cpu; leave --ep out`,
    );
  }
  const preset = given.data === undefined ? SAMPLE : OWN_PICTURES;
  checkTraining(given);
  checkGraphAlone(given);
  if (given.graph === undefined) checkRecipe(provisionalRecipe(given, preset.recipe));
  const weights = await readInitialWeights(given);
  const data = await locateData(given.data ?? null, { seed: given.seed ?? 0 });
  const { resume } = given;
  const found = resume === undefined ? null : await findCheckpoint(resume === "auto" ? given.out : resume);
  if (found === null && resume !== undefined && resume !== "auto") {
    throw new UsageError(
      `--resume ${resume}: holds no checkpoint, expected a run folder or a checkpoint file; correct the path`,
    );
  }
  for (const line of found?.passedOver ?? []) io.stderr.write(`passed over: ${line}\n`);
  const artifact =
    found === null
      ? withInitialWeights(await artifactOf(given, preset, data, io), weights, given, io)
      : await readArtifact(join(found.folder, RUN.graph));
  const plan = planOf(given, preset, data, artifact, found);
  checkPlan(plan);
  if (found === null) await prepareRunFolder(given.out, given.overwrite || resume === "auto");

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

/** @throws UsageError listing every option out of range */
function checkTraining(given: TrainArguments): void {
  const count = (name: string, value: number | undefined, least: number) =>
    value === undefined || (Number.isSafeInteger(value) && value >= least)
      ? []
      : [`--${name} is ${value}, expected a whole number of at least ${least}`];
  const within = (name: string, value: number | undefined, low: number, high: number) =>
    value === undefined || (value >= low && value <= high)
      ? []
      : [`--${name} is ${value}, expected a number from ${low} to ${high}`];
  const above = (name: string, value: number | undefined) =>
    value === undefined || (value > 0 && value < Infinity)
      ? []
      : [`--${name} is ${value}, expected a number above 0`];
  const faults = [
    ...count("epochs", given.epochs, 1),
    ...count("warmup-steps", given.warmupSteps, 0),
    ...count("checkpoint-every", given.checkpointEvery, 1),
    ...count("keep", given.keep, 1),
    ...count("threads", given.threads, 1),
    ...count("data-workers", given.dataWorkers, 1),
    ...within("seed", given.seed, 0, 2 ** 32 - 1),
    ...above("lr", given.lr),
    ...above("knn-temperature", given.knnTemperature),
    ...above("crop-scale", given.cropScale),
    ...within("crop-scale", given.cropScale, 0, 1),
    ...within("flip", given.flip, 0, 1),
    ...within("jitter", given.jitter, 0, 0.5),
    ...within("gray", given.gray, 0, 1),
  ];
  if (faults.length > 0) throw new UsageError(`train: ${faults.join("; ")}; correct these options`);
}

/** @throws UsageError when the network is given twice: as a folder, and in options that would be ignored */
function checkGraphAlone(given: TrainArguments): void {
  if (given.graph === undefined) return;
  const both = Object.entries(given)
    .filter(([name, value]) => value !== undefined && !name.includes("-"))
    .map(([name]) => optionName(name))
    .filter((name) => name in RECIPE_OPTIONS && name !== "seed");
  if (both.length > 0) {
    throw new UsageError(
      `--graph ${given.graph}: given together with --${both.join(", --")}, expected one or the other; ` +
        "leave these out, or build another folder with build-graph",
    );
  }
}

async function artifactOf(
  given: TrainArguments,
  preset: Preset,
  data: LocatedData,
  io: Io,
): Promise<BuiltArtifact> {
  if (given.graph !== undefined) return readArtifact(given.graph);
  const recipe = await settleRecipe(given, preset.recipe, data.train.rowCount, given.threads, io);
  const { mean, std } = await measureNormalization(data.train, MEASURED_PICTURES);
  const rounded = (values: readonly [number, number, number]) =>
    values.map((value) => Math.round(value * 1e4) / 1e4) as [number, number, number];
  const preprocessing: Manifest["preprocessing"] = {
    imageSize: recipe.imageSize,
    resize: recipe.imageSize,
    mean: rounded(mean),
    std: rounded(std),
  };
  return buildArtifact({ recipe, preprocessing, seed: given.seed ?? 0 });
}

function planOf(
  given: TrainArguments,
  preset: Preset,
  data: LocatedData,
  { manifest, files }: BuiltArtifact,
  found: FoundCheckpoint | null,
): TrainPlan {
  const { augment, schedule } = preset;
  const jitter = given.jitter;
  return {
    manifest,
    files,
    ...data,
    augment: {
      ...augment,
      cropScale: [given.cropScale ?? augment.cropScale[0], 1],
      flip: given.flip ?? augment.flip,
      gray: given.gray ?? augment.gray,
      ...(jitter === undefined
        ? {}
        : { brightness: jitter, contrast: jitter, saturation: jitter, hue: jitter }),
    },
    epochs: given.epochs ?? preset.epochs,
    schedule: {
      base: given.lr ?? schedule.base,
      warmupSteps: given.warmupSteps ?? schedule.warmupSteps,
      decay: given.schedule ?? schedule.decay,
    },
    bankInit: given.bankInit ?? preset.bankInit,
    steps: null,
    evaluateEvery: 1,
    checkpointEvery: given.checkpointEvery ?? null,
    keep: given.keep,
    resume: found?.file ?? null,
    strictData: false,
    knnTemperature: given.knnTemperature,
    seed: given.seed ?? manifest.seed,
    out: found?.folder ?? given.out,
    threads: given.threads ?? availableParallelism(),
    dataWorkers: given.dataWorkers ?? 2,
  };
}

function describe(summary: TrainSummary, data: string | undefined): string {
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
  const files = `\n${out}/exported/encoder.onnx maps pictures to vectors in any ONNX runtime; state.safetensors beside it holds weights and bank.\n`;
  const next =
    data === undefined
      ? "onnx-instdisc train --data path/to/your/pictures --out build/mine"
      : `onnx-instdisc train --data ${data} --epochs ${summary.epochs * 2 || 1} --out ${out}-longer`;
  return `${done}${known}${files}Next: npx ${next}\n`;
}
