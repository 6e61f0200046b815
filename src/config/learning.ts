/** @file The settings that say how it learns: for how long, at which rate, from which views. */

import type { AugmentOptions } from "../data/augmentOptions.js";
import { BANK_INITS } from "../train/plan.js";
import type { Schedule } from "../train/schedule.js";
import { above, atLeast, choice, flag, numbers, positiveShare, whole, within } from "./kinds.js";
import { settingsIn, type Kind, type SettingsOf } from "./setting.js";

export const SCHEDULES = ["cosine", "step", "constant"] as const;
/** Of the step schedule; the authors' factor. */
const GAMMA = 0.1;

const learn = settingsIn("How it learns:");
const see = settingsIn("What the network sees:");

const share = numbers({
  expected: "one or two numbers above 0 and up to 1, the larger one last",
  each: positiveShare,
  least: 1,
  most: 2,
  rising: true,
});

/** A number alone is the least; the whole picture is the most. */
const cropScale: Kind<readonly number[]> = {
  ...share,
  read(value) {
    const read = share.read(value);
    return read?.length === 1 ? [read[0]!, 1] : read;
  },
};

export const LEARNING_SETTINGS = {
  epochs: learn.open(whole(1), "passes over the pictures"),
  steps: learn.open(whole(1), "steps of the optimizer, instead of --epochs"),
  lr: learn.open(above(0), "highest learning rate"),
  "warmup-steps": learn.open(whole(0), "steps of linear warm-up"),
  schedule: learn.open(choice(SCHEDULES), "learning rate after the warm-up"),
  milestones: learn.open(
    numbers({
      expected: "whole numbers of at least 1, rising",
      each: whole(1),
      least: 1,
      most: Infinity,
      rising: true,
    }),
    "with --schedule step: epochs after which the rate drops, with commas between",
  ),
  gamma: learn.open(
    above(0),
    "with --schedule step: what the rate is multiplied by at each milestone",
    GAMMA,
  ),
  "bank-init": learn.open(choice(BANK_INITS), "bank rows before the first step"),
} as const;

export const VIEW_SETTINGS = {
  "crop-scale": see.open(cropScale, "share of the picture that a random crop keeps: least, or least,most"),
  "crop-ratio": see.open(
    numbers({ expected: "two numbers above 0, rising", each: above(0), least: 2, most: 2, rising: true }),
    "width / height of a random crop: least,most",
  ),
  flip: see.open(within(0, 1), "probability of a horizontal flip"),
  jitter: see.open(within(0, 0.5), "strength of the four below at once"),
  brightness: see.open(atLeast(0), "strength of brightness jitter"),
  contrast: see.open(atLeast(0), "strength of contrast jitter"),
  saturation: see.open(atLeast(0), "strength of saturation jitter"),
  hue: see.open(within(0, 0.5), "strength of hue jitter, turns"),
  "jitter-probability": see.set(within(0, 1), "probability of any jitter", 1),
  gray: see.open(within(0, 1), "probability of turning gray"),
  "gray-first": see.set(flag, "turn gray before the jitter", false),
  blur: see.set(within(0, 1), "probability of a Gaussian blur", 0),
} as const;

type LearningSettings = SettingsOf<typeof LEARNING_SETTINGS>;
export type ViewSettings = SettingsOf<typeof VIEW_SETTINGS>;

/** What every preset says of learning, so that nothing is left open. */
export type Learning = Required<Pick<LearningSettings, "lr" | "warmup-steps" | "schedule" | "bank-init">>;
export type Views = Required<Omit<ViewSettings, "jitter">>;

/** @param stepsPerEpoch steps of the optimizer */
export function scheduleOf(settings: LearningSettings & Learning, stepsPerEpoch: number): Schedule {
  const rise = { base: settings.lr, warmupSteps: settings["warmup-steps"] };
  if (settings.schedule !== "step") return { ...rise, decay: settings.schedule };
  const milestones = (settings.milestones ?? []).map((epoch) => epoch * stepsPerEpoch);
  return { ...rise, decay: "step", milestones, gamma: settings.gamma ?? GAMMA };
}

type Pair = readonly [number, number];

export function augmentOf(views: Views): AugmentOptions {
  const { flip, brightness, contrast, saturation, hue, gray, blur } = views;
  return {
    cropScale: views["crop-scale"] as Pair,
    cropRatio: views["crop-ratio"] as Pair,
    flip,
    brightness,
    contrast,
    saturation,
    hue,
    jitterProbability: views["jitter-probability"],
    gray,
    grayFirst: views["gray-first"],
    blur,
  };
}
