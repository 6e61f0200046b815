/** @file From settings, pictures and an artifact to the plan of a run, and back to settings that repeat it. */

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { BuiltArtifact } from "../build/buildArtifact.js";
import type { LocatedData } from "../data/locate.js";
import type { CudaSettings, TrainPlan } from "../train/plan.js";
import type { RunSettings } from "./choose.js";
import { augmentOf, scheduleOf } from "./learning.js";
import { recipeSettings } from "./recipe.js";
import { settingEntries, type SettingName, type Settings } from "./settings.js";

/** @param resume checkpoint file to go on from; null: from the start */
export function planOf(
  settings: RunSettings,
  { train, evaluate }: Pick<LocatedData, "train" | "evaluate">,
  { manifest, files, sources }: BuiltArtifact,
  resume: string | null,
): TrainPlan {
  const { batchSize, accumulation } = manifest.recipe;
  const stepsPerEpoch = Math.max(1, Math.floor(train.rowCount / batchSize / accumulation));
  const { steps = null } = settings;
  const data = { format: train.format, pictures: train.rowCount, sha256: train.sha256 };
  return {
    manifest: { ...manifest, data },
    files,
    sources,
    tune: settings.tune,
    train,
    evaluate,
    augment: augmentOf(settings),
    epochs: settings.epochs ?? Math.ceil((steps ?? 0) / stepsPerEpoch),
    steps,
    schedule: scheduleOf(settings, stepsPerEpoch),
    bankInit: settings["bank-init"],
    knnTemperature: settings["knn-temperature"],
    evaluateEvery: settings["eval-every"],
    checkpointEvery: settings["checkpoint-every"] ?? null,
    keep: settings.keep,
    resume,
    strictData: settings["strict-data"],
    seed: settings.seed ?? manifest.seed,
    out: settings.out,
    ep: settings.ep,
    cuda: settings.ep === "cuda" ? cudaOf(settings) : null,
    threads: settings.threads ?? availableParallelism(),
    dataWorkers: settings["data-workers"],
  };
}

function cudaOf(settings: RunSettings): CudaSettings {
  return {
    deviceId: settings["device-id"] ?? 0,
    tf32: settings.tf32 !== "off",
    precision: settings.precision ?? "fp32",
    captureGraph: settings["cuda-graph"] === "on",
    memoryLimitGiB: settings["memory-limit"] ?? null,
  };
}

function cudaSettings({ deviceId, tf32, precision, captureGraph }: CudaSettings): Settings {
  const shown = (isOn: boolean) => (isOn ? "on" : "off");
  return { "device-id": deviceId, tf32: shown(tf32), precision, "cuda-graph": shown(captureGraph) };
}

/** What is asked of one start of the program, and says nothing of what is learned. */
const OF_THE_START: readonly SettingName[] = ["overwrite", "resume"];

/** Settings that are paths, where there is something: a name such as "cifar10" stays. */
const PATHS = ["data", "graph", "init-from"] as const;

/**
 * Every setting's final value, also of what was measured or left to us. As a config file, it repeats the run: from
 * whichever folder, for paths are absolute.
 */
export function resolvedSettings(settings: RunSettings, plan: TrainPlan): Settings {
  const all: Settings = {
    ...settings,
    ...(settings.graph === undefined ? recipeSettings(plan.manifest) : {}),
    seed: plan.seed,
    threads: plan.threads,
    ...(plan.cuda ? cudaSettings(plan.cuda) : {}),
    ...Object.fromEntries(PATHS.map((name) => [name, absolute(settings[name])])),
  };
  return Object.fromEntries(settingEntries(all).filter(([name]) => !OF_THE_START.includes(name)));
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && existsSync(path) ? resolve(path) : path;
}
