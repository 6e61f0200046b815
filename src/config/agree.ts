/** @file Whether what is asked of a resumed run is what it began with. */

import { resolve } from "node:path";
import { UsageError } from "../errors.js";
import { layered } from "./layers.js";
import { AUTO, CUDA_ALONE, settingEntries, type SettingName, type Settings } from "./settings.js";

/** Settings that do not change what is learned, but for its last digits. */
const FREE: readonly SettingName[] = [
  "ep",
  ...CUDA_ALONE,
  "data-workers",
  "keep",
  "checkpoint-every",
  "out",
  "overwrite",
  "resume",
];

/**
 * Settings of the run as it goes on: the stored ones, and what was asked for of those that are free to change.
 * @param where the file of the stored settings
 * @throws UsageError listing every setting that differs
 */
export function agreedSettings(asked: Settings, stored: Settings, where: string): Settings {
  const given = settingEntries(layered<Settings>({}, asked));
  const faults = given
    .filter(([name, value]) => !FREE.includes(name) && !agrees(value, stored[name]))
    .map(([name, value]) => `--${name} is ${show(value)}, the run has ${show(stored[name])}`);
  if (faults.length > 0) {
    throw new UsageError(
      `${where}: ${faults.join("; ")}; leave these out to go on with the run, or begin another in a new --out`,
    );
  }
  const free = given.filter(([name]) => FREE.includes(name));
  return layered(stored, Object.fromEntries(free));
}

function agrees(asked: Settings[SettingName], stored: Settings[SettingName]): boolean {
  if (JSON.stringify(asked) === JSON.stringify(stored)) return true;
  if (typeof asked !== "string" || stored === undefined) return false;
  // What was left to us has been settled; a path is stored in full.
  return asked === AUTO || resolve(asked) === stored;
}

function show(value: Settings[SettingName]): string {
  return value === undefined ? "none" : String(value);
}
