/** @file How settings of several layers become one: options over a config file over a preset over the defaults. */

import { hasStems, BUILT } from "./recipe.js";
import { meaninglessTo } from "./objective.js";
import { OPTIMIZER_SPECIALS } from "./optimizer.js";
import { AUTO, CUDA_ALONE, type SettingName, type Settings } from "./settings.js";

/** Settings of a lower layer that a setting of a higher one takes away, because they belong to what it replaces. */
function takenAway(upper: Settings, lower: Settings): readonly SettingName[] {
  const changes = (name: SettingName): boolean => upper[name] !== undefined && upper[name] !== lower[name];
  const { objective, arch } = upper;
  return [
    ...(objective !== undefined && changes("objective")
      ? meaninglessTo(objective === AUTO ? "softmax" : objective)
      : []),
    ...(upper.ep !== undefined && changes("ep") ? CUDA_ALONE : []),
    ...(changes("normalizer") ? (["normalizer-batches", "normalizer-momentum"] as const) : []),
    ...(changes("optimizer") ? OPTIMIZER_SPECIALS : []),
    ...(changes("schedule") ? (["milestones", "gamma"] as const) : []),
    ...(upper.steps !== undefined ? (["epochs"] as const) : []),
    ...(upper.epochs !== undefined ? (["steps"] as const) : []),
    ...(changes("image-size") ? (["resize"] as const) : []),
    ...(arch !== undefined && !hasStems(arch) ? (["stem"] as const) : []),
    ...(upper.graph !== undefined ? BUILT : []),
  ];
}

/** --jitter written out; the single strengths beside it win. */
function spreadJitter({ jitter, ...settings }: Settings): Settings {
  if (jitter === undefined) return settings;
  return { brightness: jitter, contrast: jitter, saturation: jitter, hue: jitter, ...settings };
}

/** `upper` where it says something, `lower` elsewhere. What `lower` is sure to have, the result has. */
export function layered<Lower extends Settings>(lower: Lower, upper: Settings): Lower {
  const spread = spreadJitter(upper);
  const gone = new Set<string>(takenAway(spread, lower));
  const kept = Object.entries(lower).filter(([name]) => !gone.has(name));
  return { ...Object.fromEntries(kept), ...spread } as Lower;
}
