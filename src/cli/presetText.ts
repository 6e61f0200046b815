/** @file Presets as people read them: what one sets, and what of it was overridden. */

import type { Value } from "../config/setting.js";
import { PRESETS } from "../config/presets.js";
import type { RunSettings } from "../config/choose.js";
import { AUTO, settingEntries, type PresetName, type SettingName } from "../config/settings.js";
import { wrapped } from "./format.js";

const LINE_WIDTH = 100;

/** 4/3 as 1.3333, a list with commas between. */
export function showValue(value: Value | undefined): string {
  if (value === undefined) return "none";
  if (typeof value === "object") return value.map(showValue).join(",");
  return typeof value === "number" ? String(Number(value.toPrecision(5))) : String(value);
}

/** Which preset a run has, whose edition it follows, every value that it sets, and what was asked for instead. */
export function tellPreset(settings: RunSettings): string {
  const { source, settings: preset } = PRESETS[settings.preset];
  // An artifact folder has taken what is built from elsewhere.
  const inUse = settingEntries(preset).filter(
    ([name]) => settings.graph === undefined || settings[name] !== undefined,
  );
  const overridden = inUse
    .filter(([name, value]) => showValue(settings[name]) !== showValue(value))
    .map(([name, value]) => `${name} ${showValue(settings[name])} (preset: ${showValue(value)})`);
  return [
    `preset ${settings.preset}; source: ${source}\n`,
    wrapped(
      inUse.map(([name, value]) => `${name} ${showValue(value)}`),
      LINE_WIDTH,
    ),
    overridden.length > 0
      ? wrapped([`overridden: ${overridden[0]}`, ...overridden.slice(1)], LINE_WIDTH)
      : "",
  ].join("");
}

/** The default of an option of train: that of `small`, and of `sample` where it is another. */
export function presetDefault(name: string): string | undefined {
  const of = (preset: PresetName): Value | undefined => PRESETS[preset].settings[name as SettingName];
  const [small, sample] = [of("small"), of("sample")];
  if (small === undefined || small === AUTO) return undefined;
  const [shown, other] = [showValue(small), showValue(sample)];
  return shown === other ? shown : `${shown}; sample: ${other}`;
}
