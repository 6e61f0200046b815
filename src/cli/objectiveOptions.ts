/** @file The options that say what tells pictures apart, shared by build-graph and train. */

import type { Options } from "yargs";
import { NOISE_FORMS, NORMALIZERS, OBJECTIVES, type ObjectiveConfig } from "../../graphs/index.js";
import { NORMALIZER_BATCHES, NORMALIZER_MOMENTUM, OBJECTIVE_DEFAULTS } from "../build/objective.js";
import { UsageError } from "../errors.js";
import { optionName, optionsOf } from "./option.js";

const { nce } = OBJECTIVE_DEFAULTS;
const { number, choice, flag } = optionsOf("What tells pictures apart:");

export const OBJECTIVE_OPTIONS = {
  objective: choice(
    "parametric and softmax compare with all pictures, nce and infonce with a few",
    OBJECTIVES,
    "softmax",
  ),
  temperature: number("τ of the softmax, above 0", nce.temperature),
  proximal: number("λ: how strongly an embedding is held to its bank row", nce.proximal),
  negatives: number("m: noise rows for each picture", nce.negatives),
  "noise-positive": flag("a picture's own row may be drawn as noise", nce.noise.positive),
  "noise-duplicates": flag("a row may be drawn more than once for a picture", nce.noise.duplicates),
  "noise-form": choice(
    "read noise rows, or multiply the whole bank; same numbers",
    NOISE_FORMS,
    nce.noiseForm,
  ),
  normalizer: choice("where Z of NCE comes from", NORMALIZERS, nce.normalizer.mode),
  "normalizer-batches": number(
    "batches that Z is averaged over, with --normalizer batches",
    NORMALIZER_BATCHES,
  ),
  "normalizer-momentum": number("of Z's moving average, with --normalizer ema", NORMALIZER_MOMENTUM),
  "nce-epsilon": number("ε in NCE's denominators; 1e-7 in the authors' code", nce.epsilon),
} as const satisfies Readonly<Record<string, Options>>;

/** Parsed values of the options above, in yargs' camel case. */
export interface ObjectiveArguments {
  readonly objective?: string | undefined;
  readonly temperature?: number | undefined;
  readonly proximal?: number | undefined;
  readonly negatives?: number | undefined;
  readonly noisePositive?: boolean | undefined;
  readonly noiseDuplicates?: boolean | undefined;
  readonly noiseForm?: string | undefined;
  readonly normalizer?: string | undefined;
  readonly normalizerBatches?: number | undefined;
  readonly normalizerMomentum?: number | undefined;
  readonly nceEpsilon?: number | undefined;
}

type Name = ObjectiveConfig["name"];
const WITH_BANK: readonly Name[] = ["softmax", "nce", "infonce"];
const WITH_NOISE: readonly Name[] = ["nce", "infonce"];

/** Objectives that each option means something to. */
const APPLIES: { readonly [K in keyof Omit<ObjectiveArguments, "objective">]-?: readonly Name[] } = {
  temperature: WITH_BANK,
  proximal: WITH_BANK,
  negatives: WITH_NOISE,
  noisePositive: WITH_NOISE,
  noiseDuplicates: WITH_NOISE,
  noiseForm: WITH_NOISE,
  normalizer: ["nce"],
  normalizerBatches: ["nce"],
  normalizerMomentum: ["nce"],
  nceEpsilon: ["nce"],
};

/**
 * What was given, over `preset`. Settings that the preset's objective shares with the one asked for are kept.
 * @param instances pictures to be trained on; null: not known
 * @throws UsageError when an option means nothing to the objective, or it is parametric and the instances are not known
 */
export function objectiveOf(
  given: ObjectiveArguments,
  preset: ObjectiveConfig,
  instances: number | null,
): ObjectiveConfig {
  const name = (given.objective ?? preset.name) as Name;
  checkApplies(given, name);
  if (name === "parametric") {
    if (instances !== null) return { name, instances };
    throw new UsageError(
      "--objective parametric: --instances is missing, expected the number of pictures to be trained on; pass it",
    );
  }
  const base = preset.name === name ? { ...preset } : { ...OBJECTIVE_DEFAULTS[name], ...sharedWith(preset) };
  const bank = {
    ...base,
    temperature: given.temperature ?? base.temperature,
    proximal: given.proximal ?? base.proximal,
  };
  return bank.name === "softmax" ? bank : withNoise(given, bank);
}

const sharedWith = (preset: ObjectiveConfig) =>
  preset.name === "parametric" ? {} : { temperature: preset.temperature, proximal: preset.proximal };

function withNoise(
  given: ObjectiveArguments,
  base: Extract<ObjectiveConfig, { readonly noise: object }>,
): ObjectiveConfig {
  const noisy = {
    ...base,
    negatives: given.negatives ?? base.negatives,
    noiseForm: (given.noiseForm ?? base.noiseForm) as (typeof base)["noiseForm"],
    noise: {
      positive: given.noisePositive ?? base.noise.positive,
      duplicates: given.noiseDuplicates ?? base.noise.duplicates,
    },
  };
  if (noisy.name === "infonce") return noisy;
  return {
    ...noisy,
    epsilon: given.nceEpsilon ?? noisy.epsilon,
    normalizer: normalizerOf(given, noisy.normalizer),
  };
}

type Normalizer = Extract<ObjectiveConfig, { readonly name: "nce" }>["normalizer"];

function normalizerOf(given: ObjectiveArguments, preset: Normalizer): Normalizer {
  const mode = (given.normalizer ?? preset.mode) as Normalizer["mode"];
  const faults = [
    ...(given.normalizerBatches !== undefined && mode !== "batches" ? [["batches", "batches"]] : []),
    ...(given.normalizerMomentum !== undefined && mode !== "ema" ? [["momentum", "ema"]] : []),
  ].map(([option, needed]) => `--normalizer-${option} needs --normalizer ${needed}`);
  if (faults.length > 0) throw new UsageError(`--normalizer is ${mode}: ${faults.join("; ")}; change either`);
  const same = preset.mode === mode ? preset : null;
  if (mode === "batches") {
    const kept = same?.mode === "batches" ? same.batches : NORMALIZER_BATCHES;
    return { mode, batches: given.normalizerBatches ?? kept };
  }
  if (mode === "ema") {
    const kept = same?.mode === "ema" ? same.momentum : NORMALIZER_MOMENTUM;
    return { mode, momentum: given.normalizerMomentum ?? kept };
  }
  return { mode };
}

function checkApplies(given: ObjectiveArguments, name: Name): void {
  const faults = Object.entries(APPLIES)
    .filter(([key, names]) => given[key as keyof ObjectiveArguments] !== undefined && !names.includes(name))
    .map(([key, names]) => `--${optionName(key)} means something to ${names.join(", ")} only`);
  if (faults.length > 0)
    throw new UsageError(
      `the objective is ${name}: ${faults.join("; ")}; choose another --objective or leave them out`,
    );
}
