/** @file Settings that belong together. Any single one can be overridden. */

import { DEFAULT_RECIPE, type Recipe } from "../build/recipe.js";
import type { AugmentOptions } from "../data/augment.js";
import type { TrainPlan } from "./plan.js";
import type { Schedule } from "./schedule.js";

export interface Preset {
  readonly recipe: Recipe;
  readonly epochs: number;
  readonly schedule: Schedule;
  readonly augment: AugmentOptions;
  readonly bankInit: TrainPlan["bankInit"];
}

const RATIO = [3 / 4, 4 / 3] as const;

/** For pictures of one's own: the authors' CIFAR-10 network and augmentation with a bank filled by a forward pass. */
export const OWN_PICTURES: Preset = {
  recipe: DEFAULT_RECIPE,
  epochs: 100,
  schedule: { base: 0.03, warmupSteps: 100, decay: "cosine" },
  augment: {
    cropScale: [0.2, 1],
    cropRatio: RATIO,
    flip: 0.5,
    brightness: 0.4,
    contrast: 0.4,
    saturation: 0.4,
    hue: 0.4,
    gray: 0.2,
  },
  bankInit: "forward",
};

/** For the embedded sample: small, gray, centred garments, and a few minutes on two cores. */
export const SAMPLE: Preset = {
  recipe: { ...DEFAULT_RECIPE, arch: "resnet10", width: 8, imageSize: 28, batchSize: 64 },
  epochs: 16,
  schedule: { base: 0.03, warmupSteps: 50, decay: "cosine" },
  augment: {
    cropScale: [0.6, 1],
    cropRatio: RATIO,
    flip: 0.5,
    brightness: 0.6,
    contrast: 0.6,
    saturation: 0,
    hue: 0,
    gray: 0,
  },
  bankInit: "forward",
};
