/** @file The settings that say what tells pictures apart. */

import { NOISE_FORMS, NORMALIZERS, OBJECTIVES, type ObjectiveConfig } from "../../graphs/index.js";
import { NORMALIZER_BATCHES, NORMALIZER_MOMENTUM, OBJECTIVE_DEFAULTS } from "../build/objective.js";
import { UsageError } from "../errors.js";
import { above, atLeast, choice, flag, fraction, whole } from "./kinds.js";
import { settingsIn, type SettingsOf } from "./setting.js";

const { nce } = OBJECTIVE_DEFAULTS;
const { open } = settingsIn("What tells pictures apart:");

export const OBJECTIVE_SETTINGS = {
  objective: open(
    choice(OBJECTIVES),
    "parametric and softmax compare with all pictures, nce and infonce with a few",
    "softmax",
  ),
  temperature: open(above(0), "τ of the softmax", nce.temperature),
  proximal: open(atLeast(0), "λ: how strongly an embedding is held to its bank row", nce.proximal),
  negatives: open(whole(1), "m: noise rows for each picture", nce.negatives),
  "noise-positive": open(flag, "a picture's own row may be drawn as noise", nce.noise.positive),
  "noise-duplicates": open(flag, "a row may be drawn more than once for a picture", nce.noise.duplicates),
  "noise-form": open(
    choice(NOISE_FORMS),
    "read noise rows, or multiply the whole bank; same numbers",
    nce.noiseForm,
  ),
  normalizer: open(choice(NORMALIZERS), "where Z of NCE comes from", nce.normalizer.mode),
  "normalizer-batches": open(
    whole(1),
    "batches that Z is averaged over, with --normalizer batches",
    NORMALIZER_BATCHES,
  ),
  "normalizer-momentum": open(fraction, "of Z's moving average, with --normalizer ema", NORMALIZER_MOMENTUM),
  "nce-epsilon": open(atLeast(0), "ε in NCE's denominators; 1e-7 in the authors' code", nce.epsilon),
} as const;

export type ObjectiveSettings = SettingsOf<typeof OBJECTIVE_SETTINGS>;
/** Names of settings that mean something to one objective and nothing to another. */
type Special = Exclude<keyof ObjectiveSettings, "objective">;
type Name = ObjectiveConfig["name"];

const WITH_BANK: readonly Name[] = ["softmax", "nce", "infonce"];
const WITH_NOISE: readonly Name[] = ["nce", "infonce"];

/** Objectives that each setting means something to. */
const APPLIES: { readonly [K in Special]: readonly Name[] } = {
  temperature: WITH_BANK,
  proximal: WITH_BANK,
  negatives: WITH_NOISE,
  "noise-positive": WITH_NOISE,
  "noise-duplicates": WITH_NOISE,
  "noise-form": WITH_NOISE,
  normalizer: ["nce"],
  "normalizer-batches": ["nce"],
  "normalizer-momentum": ["nce"],
  "nce-epsilon": ["nce"],
};

/** Settings that mean nothing to an objective. */
export function meaninglessTo(objective: Name): Special[] {
  return (Object.keys(APPLIES) as Special[]).filter((name) => !APPLIES[name].includes(objective));
}

/**
 * The objective that the settings ask for, with the defaults of build/objective.ts for what they leave open.
 * @param instances pictures to be trained on; null: not known
 * @throws UsageError when a setting means nothing to the objective, or it is parametric and the instances are not known
 */
export function objectiveOf(settings: ObjectiveSettings, instances: number | null): ObjectiveConfig {
  const name = settings.objective ?? "softmax";
  checkApplies(settings, name);
  if (name === "parametric") {
    if (instances !== null) return { name, instances };
    throw new UsageError(
      "--objective parametric: --instances is missing, expected the number of pictures to be trained on; pass it",
    );
  }
  const base = OBJECTIVE_DEFAULTS[name];
  const bank = {
    ...base,
    temperature: settings.temperature ?? base.temperature,
    proximal: settings.proximal ?? base.proximal,
  };
  return bank.name === "softmax" ? bank : withNoise(settings, bank);
}

function withNoise(
  settings: ObjectiveSettings,
  base: Extract<ObjectiveConfig, { readonly noise: object }>,
): ObjectiveConfig {
  const noisy = {
    ...base,
    negatives: settings.negatives ?? base.negatives,
    noiseForm: settings["noise-form"] ?? base.noiseForm,
    noise: {
      positive: settings["noise-positive"] ?? base.noise.positive,
      duplicates: settings["noise-duplicates"] ?? base.noise.duplicates,
    },
  };
  if (noisy.name === "infonce") return noisy;
  return {
    ...noisy,
    epsilon: settings["nce-epsilon"] ?? noisy.epsilon,
    normalizer: normalizerOf(settings),
  };
}

function normalizerOf(
  settings: ObjectiveSettings,
): Extract<ObjectiveConfig, { readonly name: "nce" }>["normalizer"] {
  const { normalizer: mode = nce.normalizer.mode } = settings;
  const batches = settings["normalizer-batches"];
  const momentum = settings["normalizer-momentum"];
  const faults = [
    ...(batches !== undefined && mode !== "batches" ? [["batches", "batches"]] : []),
    ...(momentum !== undefined && mode !== "ema" ? [["momentum", "ema"]] : []),
  ].map(([option, needed]) => `--normalizer-${option} needs --normalizer ${needed}`);
  if (faults.length > 0) throw new UsageError(`--normalizer is ${mode}: ${faults.join("; ")}; change either`);
  if (mode === "batches") return { mode, batches: batches ?? NORMALIZER_BATCHES };
  if (mode === "ema") return { mode, momentum: momentum ?? NORMALIZER_MOMENTUM };
  return { mode };
}

function checkApplies(settings: ObjectiveSettings, name: Name): void {
  const faults = meaninglessTo(name)
    .filter((setting) => settings[setting] !== undefined)
    .map((setting) => `--${setting} means something to ${APPLIES[setting].join(", ")} only`);
  if (faults.length > 0)
    throw new UsageError(
      `the objective is ${name}: ${faults.join("; ")}; choose another --objective or leave them out`,
    );
}

/** The settings that give this objective: the inverse of objectiveOf. */
export function objectiveSettings(objective: ObjectiveConfig): ObjectiveSettings {
  const { name } = objective;
  if (name === "parametric") return { objective: name };
  const bank = { objective: name, temperature: objective.temperature, proximal: objective.proximal };
  if (name === "softmax") return bank;
  const noisy = {
    ...bank,
    negatives: objective.negatives,
    "noise-positive": objective.noise.positive,
    "noise-duplicates": objective.noise.duplicates,
    "noise-form": objective.noiseForm,
  };
  if (name === "infonce") return noisy;
  const { normalizer } = objective;
  return {
    ...noisy,
    normalizer: normalizer.mode,
    ...(normalizer.mode === "batches" ? { "normalizer-batches": normalizer.batches } : {}),
    ...(normalizer.mode === "ema" ? { "normalizer-momentum": normalizer.momentum } : {}),
    "nce-epsilon": objective.epsilon,
  };
}
