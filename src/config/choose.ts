/** @file Which settings a run has, from what was asked for, and what of it contradicts itself. */

import { UsageError } from "../errors.js";
import { layered } from "./layers.js";
import type { Learning, Views } from "./learning.js";
import { PRESETS } from "./presets.js";
import { BUILT } from "./recipe.js";
import { CUDA_ALONE, DEFAULTS, type Defaults, type PresetName, type Settings } from "./settings.js";

/** Settings of which nothing that training needs is open, but for what the data and the machine decide. */
export type RunSettings = Settings & Defaults & Learning & Views & { readonly preset: PresetName };

/**
 * What was asked for, over the preset, over the defaults. Without a preset it is `small`, or `sample` without data.
 * @throws UsageError listing what contradicts itself
 */
export function chooseSettings(asked: Settings): RunSettings {
  const preset = asked.preset ?? (asked.data === undefined ? "sample" : "small");
  const base: RunSettings = { ...DEFAULTS, ...PRESETS[preset].settings, preset };
  const settings = layered(base, asked);
  checkGraphAlone(settings);
  checkTogether(settings);
  return settings;
}

/** @throws UsageError when the network is given twice: as a folder, and in settings that would be ignored */
function checkGraphAlone(settings: Settings): void {
  if (settings.graph === undefined) return;
  const both = BUILT.filter((name) => settings[name] !== undefined);
  if (both.length > 0) {
    throw new UsageError(
      `--graph ${settings.graph}: given together with --${both.join(", --")}, expected one or the other; ` +
        "leave these out, or build another folder with build-graph",
    );
  }
}

function cudaFaults(settings: RunSettings): string[] {
  if (settings.ep === "cuda") return [];
  const given = CUDA_ALONE.filter((name) => settings[name] !== undefined);
  return given.length === 0
    ? []
    : [`--${given.join(", --")} given with --ep ${settings.ep}, expected --ep cuda`];
}

function checkTogether(settings: RunSettings): void {
  const { epochs, steps, schedule, milestones, gamma, resize } = settings;
  const imageSize = settings["image-size"];
  const drops = [...(milestones ? ["--milestones"] : []), ...(gamma === undefined ? [] : ["--gamma"])];
  const faults = [
    ...cudaFaults(settings),
    ...(epochs !== undefined && steps !== undefined
      ? ["--epochs and --steps are both given, expected one"]
      : []),
    ...(schedule === "step" && milestones === undefined
      ? ["--schedule step has no --milestones, expected epochs such as 120,160"]
      : []),
    ...(schedule !== "step" && drops.length > 0
      ? [`${drops.join(", ")} given with --schedule ${schedule}, expected --schedule step`]
      : []),
    ...(resize !== undefined && imageSize !== undefined && resize < imageSize
      ? [`--resize is ${resize}, expected at least the image size ${imageSize}`]
      : []),
  ];
  if (faults.length > 0) throw new UsageError(`train: ${faults.join("; ")}; correct these options`);
}
