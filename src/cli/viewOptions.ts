/** @file The options that say which random views are drawn, for commands that build nothing. */

import type { Options } from "yargs";
import type { AugmentOptions } from "../data/augmentOptions.js";
import { OWN_PICTURES, SAMPLE } from "../train/presets.js";
import { optionsOf } from "./option.js";
import { checkNumbers } from "./recipeOptions.js";

/** What the options amount to. */
export interface ViewSettings {
  readonly augment: AugmentOptions;
  readonly imageSize: number; // pixels
  readonly seed: number;
}

/** Where a command gets its view options from, and what it makes of their values. */
export interface ViewSource {
  readonly options: Readonly<Record<string, Options>>;
  /** @throws UsageError, or rejects with it, for values that make no sense */
  resolve(given: object): ViewSettings | Promise<ViewSettings>;
}

interface ViewArguments {
  readonly data?: string;
  readonly imageSize?: number;
  readonly cropScale?: number;
  readonly flip?: number;
  readonly jitter?: number;
  readonly jitterProbability?: number;
  readonly gray?: number;
  readonly blur?: number;
  readonly seed?: number;
}

const { number } = optionsOf("What the network sees:");

/** The values that train takes where nothing else is said. */
export const PRESET_VIEWS: ViewSource = {
  options: {
    "image-size": number("side of a view, pixels", "32; sample: 28"),
    "crop-scale": number("least share of the picture that a random crop keeps", "0.2; sample: 0.6"),
    flip: number("probability of a horizontal flip", 0.5),
    jitter: number(
      "strength of brightness, contrast, saturation and hue jitter",
      "0.4; sample: 0.6, brightness and contrast only",
    ),
    "jitter-probability": number("probability of any jitter", 1),
    gray: number("probability of turning gray", "0.2; sample: 0"),
    blur: number("probability of a Gaussian blur", 0),
    seed: number("of the views", 0),
  },
  resolve(given: ViewArguments) {
    checkNumbers(given);
    const { recipe, augment } = given.data === undefined ? SAMPLE : OWN_PICTURES;
    const { jitter } = given;
    const strengths =
      jitter === undefined ? {} : { brightness: jitter, contrast: jitter, saturation: jitter, hue: jitter };
    return {
      imageSize: given.imageSize ?? recipe.imageSize,
      seed: given.seed ?? 0,
      augment: {
        ...augment,
        ...strengths,
        cropScale: [given.cropScale ?? augment.cropScale[0], augment.cropScale[1]],
        flip: given.flip ?? augment.flip,
        jitterProbability: given.jitterProbability ?? augment.jitterProbability ?? 1,
        gray: given.gray ?? augment.gray,
        blur: given.blur ?? augment.blur ?? 0,
      },
    };
  },
};
