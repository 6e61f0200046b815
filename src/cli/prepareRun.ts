/** @file From what a user asked for to a run that can start: new, or going on from a checkpoint. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { readArtifact } from "../artifact/node.js";
import { buildArtifact, type BuiltArtifact } from "../build/buildArtifact.js";
import { checkRecipe } from "../build/recipe.js";
import { agreedSettings } from "../config/agree.js";
import { chooseSettings, type RunSettings } from "../config/choose.js";
import { readConfig } from "../config/file.js";
import { layered } from "../config/layers.js";
import { planOf, resolvedSettings } from "../config/plan.js";
import { preprocessingOf } from "../config/recipe.js";
import { AUTO, DEFAULTS, type Settings } from "../config/settings.js";
import { provisionalRecipe, settleRecipe } from "../config/settleRecipe.js";
import type { LocatedData } from "../data/locate.js";
import { measureNormalization } from "../data/normalization.js";
import { DataError, UsageError } from "../errors.js";
import { RUN } from "../run/layout.js";
import { findCheckpoint, type FoundCheckpoint } from "../run/resume.js";
import { checkPlan, type TrainPlan } from "../train/plan.js";
import { readInitialWeights, withInitialWeights } from "./initFrom.js";
import { counted } from "./format.js";
import type { Io } from "./io.js";
import { locateNamed } from "./locateNamed.js";
import { tellPreset } from "./presetText.js";

/** Pictures that mean and standard deviation are measured on. */
const MEASURED_PICTURES = 2000;
/** Paths left out that are named one by one. */
const SHOWN_SKIPPED = 50;

export interface PreparedRun {
  readonly plan: TrainPlan;
  /** Every setting's final value. */
  readonly settings: Settings;
  /** What becomes of --out: it is new, or our files in it are replaced, or the run in it goes on. */
  readonly folder: "new" | "replaced" | "kept";
  /** As the user named it. */
  readonly data: string | undefined;
  /** Paths that hold no picture that could be listed, though they look it. */
  readonly skippedPaths: number;
}

/** @param config path of a config file */
export async function prepareRun(
  options: Settings,
  config: string | undefined,
  io: Io,
): Promise<PreparedRun> {
  const file = config === undefined ? {} : await readConfig(config);
  const asked = layered(file, options);
  const found = asked.resume === undefined ? null : await findRun(asked, asked.resume, io);
  return found === null ? newRun(asked, io) : resumedRun(found, asked, io);
}

/** @throws UsageError when a run is named that cannot go on, or that is not the one in --out */
async function findRun({ out }: Settings, resume: string, io: Io): Promise<FoundCheckpoint | null> {
  const found = await findCheckpoint(resume === AUTO ? (out ?? DEFAULTS.out) : resume);
  for (const line of found?.passedOver ?? []) io.stderr.write(`passed over: ${line}\n`);
  if (found === null && resume !== AUTO) {
    throw new UsageError(
      `--resume ${resume}: holds no checkpoint, expected a run folder or a checkpoint file; ` +
        "correct the path, or begin a new run without --resume",
    );
  }
  if (found !== null && out !== undefined && resolve(out) !== resolve(found.folder)) {
    throw new UsageError(
      `--resume ${resume}: is a run in ${found.folder}, and --out is ${out}; a run goes on in its own folder: leave --out out`,
    );
  }
  return found;
}

async function newRun(asked: Settings, io: Io): Promise<PreparedRun> {
  const settings = chooseSettings(asked);
  if (settings.graph === undefined) checkRecipe(provisionalRecipe(settings));
  const weights = await readInitialWeights(settings);
  io.stderr.write(tellPreset(settings));
  const data = await findData(settings, settings.seed ?? 0, io);
  const artifact = withInitialWeights(await artifactOf(settings, data, io), weights, settings, io);
  const plan = planOf(settings, data, artifact, null);
  checkPlan(plan);
  // A run that ended before its first checkpoint begins again; a folder of anything else is not touched.
  const unsaved = settings.resume !== undefined && existsSync(join(settings.out, RUN.config));
  const folder = settings.overwrite || unsaved ? "replaced" : "new";
  const skippedPaths = data.skipped.length;
  return { plan, settings: resolvedSettings(settings, plan), folder, data: settings.data, skippedPaths };
}

/** The artifact is the one that the run began with; nothing is built or measured again. */
async function resumedRun({ folder, file }: FoundCheckpoint, asked: Settings, io: Io): Promise<PreparedRun> {
  const where = join(folder, RUN.config);
  const agreed = agreedSettings(asked, await readConfig(where), where);
  // A run from before there was tuning goes on as it began.
  const settings = { ...chooseSettings({ tune: "off", ...agreed }), out: folder };
  const artifact = await readArtifact(join(folder, RUN.graph));
  const data = await findData(settings, settings.seed ?? artifact.manifest.seed, io);
  const plan = planOf(settings, data, artifact, file);
  checkPlan(plan);
  const skippedPaths = data.skipped.length;
  return {
    plan,
    settings: resolvedSettings(settings, plan),
    folder: "kept",
    data: settings.data,
    skippedPaths,
  };
}

async function findData(settings: RunSettings, seed: number, io: Io): Promise<LocatedData> {
  const located = await locateNamed(settings.data, { seed, format: settings["data-format"] }, io);
  const { skipped } = located;
  if (settings["strict-data"] && skipped.length > 0) {
    const [{ path, reason }] = skipped as [(typeof skipped)[number]];
    throw new DataError(
      `${path}: found ${reason}, expected data that can be read throughout (${counted(skipped.length, "path")} in all); ` +
        "mend or remove it, or leave out --strict-data",
    );
  }
  for (const { path, reason } of skipped.slice(0, SHOWN_SKIPPED))
    io.stderr.write(`left out: ${path}: ${reason}\n`);
  if (skipped.length > SHOWN_SKIPPED)
    io.stderr.write(`left out besides: ${skipped.length - SHOWN_SKIPPED} more\n`);
  return located;
}

async function artifactOf(settings: RunSettings, data: LocatedData, io: Io): Promise<BuiltArtifact> {
  if (settings.graph !== undefined) return readArtifact(settings.graph);
  const recipe = await settleRecipe(settings, data.train.rowCount, (line) => io.stderr.write(`${line}\n`));
  const { mean, std } = settings;
  const measured =
    mean && std
      ? { mean: rgb(mean), std: rgb(std) }
      : await measureNormalization(data.train, MEASURED_PICTURES, { strict: settings["strict-data"] });
  const rounded = { mean: rgb(measured.mean), std: rgb(measured.std) };
  const preprocessing = preprocessingOf(settings, recipe.imageSize, rounded);
  return buildArtifact({ recipe, preprocessing, seed: settings.seed ?? 0 });
}

/** Of a measurement, four digits mean something. */
const rgb = ([red, green, blue]: readonly number[]): [number, number, number] => {
  const round = (value: number | undefined) => Math.round((value ?? 0) * 1e4) / 1e4;
  return [round(red), round(green), round(blue)];
};
