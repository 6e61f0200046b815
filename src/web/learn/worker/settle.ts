/** @file From what a person chose, and the pictures, to everything that a run is: as `train` settles it. */

import { buildArtifact, type BuiltArtifact } from "../../../build/buildArtifact.js";
import { chooseSettings, type RunSettings } from "../../../config/choose.js";
import { augmentOf, scheduleOf } from "../../../config/learning.js";
import { SMALL } from "../../../config/presets.js";
import { preprocessingOf, recipeOf, recipeSettings } from "../../../config/recipe.js";
import type { Settings } from "../../../config/settings.js";
import type { Manifest } from "../../../artifact/manifest.js";
import type { AugmentOptions } from "../../../data/augmentOptions.js";
import { measureDataset } from "../../../data/measure.js";
import { UsageError } from "../../../errors.js";
import { chooseObjective } from "../../../train/chooseObjective.js";
import type { Schedule } from "../../../train/schedule.js";
import type { LearnSettings, SettledSettings } from "../protocol.js";
import { datasetOf, identityOf, readableRows, type PictureSet } from "./pictures.js";

/** What is stored of a run beside its pictures: the rest follows from it. */
export interface SettledRun {
  /** Of the folder of the pictures. */
  readonly name: string;
  readonly settings: SettledSettings;
  /** Those that can be read. */
  readonly pictures: number;
  readonly recipe: Manifest["recipe"];
  readonly preprocessing: Manifest["preprocessing"];
}

/** A run that is settled, with its graphs. */
export interface PlannedRun extends SettledRun {
  readonly manifest: BuiltArtifact["manifest"];
  /** Those of an artifact folder. */
  readonly files: BuiltArtifact["files"];
  readonly sources: NonNullable<BuiltArtifact["sources"]>;
  readonly augment: AugmentOptions;
  readonly schedule: Schedule;
}

/** Pictures that mean and standard deviation are measured on. */
const MEASURED_PICTURES = 2000;
const [LEAST_BATCH, SMALL_BATCH, LARGE_BATCH] = [8, 32, 64];
/** Pictures from which on batches are large. */
const MANY = 1024;
/** An epoch of fewer steps moves bank and rate in leaps. */
const STEPS_OF_AN_EPOCH = 4;
/** Batches that there must be, at least: of one, every picture would be compared with the same others. */
const LEAST_BATCHES = 2;
/** m of NCE, at most. */
const NEGATIVES = 4096;
/** Its rate is for batches of its own size; smaller ones, whose gradients are noisier, take smaller steps. */
const { lr: LEARNING_RATE, "batch-size": BATCH_OF_RATE } = SMALL;
/** Of all steps. */
const WARMUP_SHARE = 0.1;

/**
 * @throws UsageError (as a rejection) when there are too few pictures, or a setting is out of range
 */
export async function settleRun(set: PictureSet, asked: LearnSettings): Promise<SettledRun> {
  const batchSize = batchSizeOf(set);
  const instances = set.ids.length;
  const objective = asked.objective === "auto" ? objectiveFor(instances, batchSize) : asked.objective;
  const stepsPerEpoch = Math.floor(instances / batchSize);
  const { epochs, width, imageSize, seed } = asked;
  const settings = {
    ...{ epochs, width, imageSize, seed, objective, batchSize, stepsPerEpoch },
    steps: epochs * stepsPerEpoch,
  };
  const run = chooseSettings(settingsOf(settings, set.name));
  const recipe = recipeOf(openRecipe(run, objective, instances), instances);
  const measured = await measureDataset(datasetOf(set), MEASURED_PICTURES);
  const rounded = { mean: rounded4(measured.mean), std: rounded4(measured.std) };
  const { embeddingDim } = recipe;
  return {
    name: set.name,
    settings: { ...settings, embeddingDim },
    pictures: readableRows(set).length,
    recipe,
    preprocessing: preprocessingOf(run, imageSize, rounded),
  };
}

/** Builds the graphs. Equal runs give equal bytes. */
export function planRun(settled: SettledRun, set: PictureSet): PlannedRun {
  const { settings, recipe, preprocessing } = settled;
  const { manifest, files, sources } = buildArtifact({ recipe, preprocessing, seed: settings.seed });
  const built = { manifest: { ...manifest, data: identityOf(set) }, files, sources: sources! };
  return planWith(settled, set, built);
}

/** @param built of the same recipe */
export function planWith(
  settled: SettledRun,
  set: PictureSet,
  { manifest, files, sources }: Pick<PlannedRun, "manifest" | "files" | "sources">,
): PlannedRun {
  const { name, settings, pictures, recipe, preprocessing } = settled;
  const run = chooseSettings(settingsOf(settings, set.name));
  return {
    ...{ name, settings, pictures, recipe, preprocessing, manifest, files, sources },
    augment: augmentOf(run),
    schedule: scheduleOf(run, settings.stepsPerEpoch),
  };
}

/**
 * What config.resolved.json holds. `train --resume` goes on from it beside the folder of the pictures, whose place on
 * the disk no browser tells.
 */
export function resolvedSettings(
  { settings, recipe, preprocessing }: SettledRun,
  set: PictureSet,
  threads: number,
) {
  const { overwrite: _overwrite, ...run } = chooseSettings(settingsOf(settings, set.name));
  const all: Settings = {
    ...run,
    ...recipeSettings({ recipe, preprocessing }),
    seed: settings.seed,
    threads,
  };
  return all;
}

function settingsOf(
  { epochs, width, imageSize, batchSize, seed, steps }: Omit<SettledSettings, "embeddingDim">,
  data: string,
): Settings {
  return {
    preset: "small",
    data,
    "data-format": "flat",
    epochs,
    width,
    "image-size": imageSize,
    "batch-size": batchSize,
    lr: (LEARNING_RATE * batchSize) / BATCH_OF_RATE,
    seed,
    "warmup-steps": Math.min(100, Math.ceil(WARMUP_SHARE * steps)),
    // Graphs that are fitted to a machine are not those of another.
    tune: "off",
  };
}

/** The settings with the objective settled: NCE draws no more noise rows than there are others. */
function openRecipe(run: RunSettings, objective: "softmax" | "nce", instances: number) {
  const negatives = Math.min(NEGATIVES, instances - 1);
  return {
    ...run,
    objective,
    "noise-form": undefined,
    ...(objective === "nce" ? { negatives } : {}),
  };
}

function objectiveFor(instances: number, batchSize: number): "softmax" | "nce" {
  return chooseObjective(instances, { batchSize, embeddingDim: 128 }, NEGATIVES).name;
}

/** @throws UsageError when the smallest batch is too large */
function batchSizeOf(set: PictureSet): number {
  const pictures = readableRows(set).length;
  if (pictures < LEAST_BATCHES * LEAST_BATCH) {
    throw new UsageError(
      `${set.name}: has ${pictures === 1 ? "1 picture" : `${pictures} pictures`} that can be read, expected at least ` +
        `${LEAST_BATCHES * LEAST_BATCH} to learn what tells them apart; add pictures`,
    );
  }
  let size = pictures < MANY ? SMALL_BATCH : LARGE_BATCH;
  while (size > LEAST_BATCH && pictures < STEPS_OF_AN_EPOCH * size) size /= 2;
  return size;
}

/** Of a measurement, four digits mean something. */
function rounded4([red, green, blue]: readonly [number, number, number]): [number, number, number] {
  const round = (value: number): number => Math.round(value * 1e4) / 1e4;
  return [round(red), round(green), round(blue)];
}
