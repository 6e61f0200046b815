/** @file The table of every setting of a training run. Its keys are the options of `train` and the keys of a config file. */

import { NOISE_FORMS, OBJECTIVES } from "../../graphs/index.js";
import { TUNE_MODES } from "../artifact/tuneMode.js";
import { DATA_FORMATS } from "../data/dataFormats.js";
import { TRAINING_PROVIDERS } from "../ir/executionProvider.js";
import { PRECISIONS } from "../ir/precision.js";
import { above, choice, flag, text, whole } from "./kinds.js";
import { LEARNING_SETTINGS, VIEW_SETTINGS } from "./learning.js";
import { RECIPE_SETTINGS } from "./recipe.js";
import { settingsIn, type Setting, type SettingsOf, type Value } from "./setting.js";

const SWITCH = ["on", "off"] as const;

export const PRESET_NAMES = ["sample", "small", "cifar10", "imagenet", "imagenet-2020"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Left to us: the objective by the number of pictures, the form of its noise by measuring. */
export const AUTO = "auto";

const data = settingsIn("Data:");
const run = settingsIn("Run:");
const weights = settingsIn("What it starts from:");

export const INIT_SETTINGS = {
  "init-from": weights.open(
    text,
    "safetensors file of weights under torchvision's names, instead of random ones",
  ),
  "init-partial": weights.set(flag, "load what fits of --init-from and report the rest", false),
} as const;

export const SETTINGS = {
  data: data.open(text, "folder or file of pictures, in any of the formats below", "the embedded sample"),
  "data-format": data.open(choice(DATA_FORMATS), "how the pictures are kept", "found by looking"),
  "strict-data": data.set(flag, "a picture that cannot be read is an error", false),
  "data-workers": data.set(whole(1), "threads that decode and augment", 2),
  preset: run.open(choice(PRESET_NAMES), "settings that belong together; any can be overridden", "see below"),
  out: run.set(text, "folder of the run", "build/run"),
  overwrite: run.set(flag, "replace an earlier run in --out", false),
  resume: run.open(
    text,
    "go on from a run's newest checkpoint: auto (the one in --out, if any), a run folder or a checkpoint",
  ),
  "checkpoint-every": run.open(whole(1), "steps between checkpoints", "one after each epoch"),
  keep: run.set(whole(1), "newest checkpoints that are kept, beside the best", 2),
  "eval-every": run.set(whole(1), "epochs between evaluations", 1),
  "knn-temperature": run.set(above(0), "τ of the kNN vote", 0.07),
  ep: run.set(choice(TRAINING_PROVIDERS), "execution provider: what computes all of the run", "cpu"),
  "device-id": run.open(whole(0), "which GPU, as nvidia-smi counts; with --ep cuda", 0),
  tf32: run.open(
    choice(SWITCH),
    "factors rounded to 10 bits in products and convolutions, which is faster; with --ep cuda",
    "on",
  ),
  precision: run.open(
    choice(PRECISIONS),
    "of convolutions and matrix products; all else stays fp32; with --ep cuda",
    "fp32",
  ),
  "cuda-graph": run.open(
    choice(SWITCH),
    "a step's kernels recorded once and launched at once, which small networks gain from; with --ep cuda",
    "off",
  ),
  "memory-limit": run.open(
    above(0),
    "GPU memory that each graph may take, GiB; with --ep cuda",
    "all there is",
  ),
  threads: run.open(whole(1), "threads of the runtime", "one for each processor"),
  tune: run.set(
    choice(TUNE_MODES),
    "measure what is fastest on this machine, once: not at all, for some seconds, or everything",
    "fast",
  ),
  ...LEARNING_SETTINGS,
  ...VIEW_SETTINGS,
  graph: weights.open(
    text,
    "artifact folder from build-graph, instead of the settings under “What is built”",
  ),
  ...INIT_SETTINGS,
  ...RECIPE_SETTINGS,
  objective: {
    ...RECIPE_SETTINGS.objective,
    kind: choice([AUTO, ...OBJECTIVES]),
    shown: "auto: softmax, or nce for many pictures",
  },
  "noise-form": {
    ...RECIPE_SETTINGS["noise-form"],
    kind: choice([AUTO, ...NOISE_FORMS]),
    shown: "auto: measured",
  },
  mean: { ...RECIPE_SETTINGS.mean, shown: "measured" },
  std: { ...RECIPE_SETTINGS.std, shown: "measured" },
} as const;

/** What means nothing to the other execution providers. */
export const CUDA_ALONE = [
  "device-id",
  "tf32",
  "precision",
  "cuda-graph",
  "memory-limit",
] as const satisfies readonly SettingName[];

export type SettingName = keyof typeof SETTINGS;
export type Settings = SettingsOf<typeof SETTINGS>;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

type WithFallback = {
  [K in SettingName]: (typeof SETTINGS)[K] extends { readonly fallback: infer _ } ? K : never;
}[SettingName];
export type Defaults = Required<Pick<Settings, WithFallback>>;

/** What is so whatever the preset. */
export const DEFAULTS = Object.fromEntries(
  Object.entries<Setting>(SETTINGS).flatMap(([name, { fallback }]) =>
    fallback === undefined ? [] : [[name, fallback]],
  ),
) as unknown as Defaults;

/** Settings by name, in the order of the table. */
export function settingEntries(settings: Settings): [SettingName, Value][] {
  return SETTING_NAMES.flatMap((name): [SettingName, Value][] => {
    const value = settings[name];
    return value === undefined ? [] : [[name, value]];
  });
}
