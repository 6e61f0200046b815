/** @file The options that say which random views are drawn, for commands that build nothing. */

import type { Options } from "yargs";
import { DEFAULT_RECIPE } from "../build/recipe.js";
import { chooseSettings } from "../config/choose.js";
import { augmentOf, VIEW_SETTINGS } from "../config/learning.js";
import { SETTINGS, type Settings } from "../config/settings.js";
import type { AugmentOptions } from "../data/augmentOptions.js";
import { givenSettings, optionsOf, shownDefault } from "./option.js";
import { presetDefault } from "./presetText.js";

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
  resolve(given: Readonly<Record<string, unknown>>): ViewSettings | Promise<ViewSettings>;
}

const { preset, seed } = SETTINGS;
const TABLE = { preset, ...VIEW_SETTINGS, "image-size": SETTINGS["image-size"], seed };

/** The values that train takes where nothing else is said. */
export const PRESET_VIEWS: ViewSource = {
  options: optionsOf(TABLE, (name, setting) => presetDefault(name) ?? shownDefault(setting)),
  resolve(parsed) {
    const { data } = parsed as Pick<Settings, "data">;
    const settings = chooseSettings({ ...givenSettings("augment", parsed, TABLE), data });
    return {
      imageSize: settings["image-size"] ?? DEFAULT_RECIPE.imageSize,
      seed: settings.seed ?? 0,
      augment: augmentOf(settings),
    };
  },
};
