/** @file The settings that say how gradients become steps. */

import { OPTIMIZERS, type OptimizerConfig } from "../../graphs/index.js";
import { OPTIMIZER_DEFAULTS } from "../build/optimizer.js";
import { UsageError } from "../errors.js";
import { above, atLeast, choice, flag, fraction } from "./kinds.js";
import { settingsIn, type SettingsOf } from "./setting.js";

const { sgd, adamw, lars } = OPTIMIZER_DEFAULTS;
const { open } = settingsIn("Optimizer:");

export const OPTIMIZER_SETTINGS = {
  optimizer: open(choice(OPTIMIZERS), "how gradients become steps", "sgd"),
  momentum: open(fraction, "of sgd and lars", sgd.momentum),
  nesterov: open(flag, "sgd looks ahead", sgd.nesterov),
  "weight-decay": open(
    atLeast(0),
    "pull towards zero",
    `sgd, lars: ${sgd.weightDecay}; adamw: ${adamw.weightDecay}`,
  ),
  "decay-norm-and-bias": open(
    flag,
    "biases and normalizations decay too; never with lars",
    sgd.decayNormAndBias,
  ),
  beta1: open(fraction, "adamw's average of gradients", adamw.beta1),
  beta2: open(fraction, "adamw's average of squares", adamw.beta2),
  "adam-epsilon": open(above(0), "adamw's floor of the divisor", adamw.epsilon),
  "trust-coefficient": open(
    above(0),
    "length of a lars step, as a share of the weights'",
    lars.trustCoefficient,
  ),
} as const;

export type OptimizerSettings = SettingsOf<typeof OPTIMIZER_SETTINGS>;
type Special = Exclude<keyof OptimizerSettings, "optimizer">;

/** Each setting, and what the optimizer's configuration calls it. */
const FIELDS: { readonly [K in Special]: string } = {
  momentum: "momentum",
  nesterov: "nesterov",
  "weight-decay": "weightDecay",
  "decay-norm-and-bias": "decayNormAndBias",
  beta1: "beta1",
  beta2: "beta2",
  "adam-epsilon": "epsilon",
  "trust-coefficient": "trustCoefficient",
};

/** All that depends on which optimizer it is. */
export const OPTIMIZER_SPECIALS = Object.keys(FIELDS) as readonly Special[];

/**
 * The optimizer that the settings ask for, with the defaults of build/optimizer.ts for what they leave open.
 * @throws UsageError when a setting means nothing to the optimizer
 */
export function optimizerOf(settings: OptimizerSettings): OptimizerConfig {
  const base: OptimizerConfig = OPTIMIZER_DEFAULTS[settings.optimizer ?? "sgd"];
  const given = OPTIMIZER_SPECIALS.filter((name) => settings[name] !== undefined);
  const faults = given.filter((name) => !(FIELDS[name] in base)).map((name) => `--${name}`);
  if (faults.length > 0)
    throw new UsageError(
      `the optimizer is ${base.name}: ${faults.join(", ")} mean nothing to it; leave them out`,
    );
  return { ...base, ...Object.fromEntries(given.map((name) => [FIELDS[name], settings[name]])) };
}

/** The settings that give this optimizer: the inverse of optimizerOf. */
export function optimizerSettings(optimizer: OptimizerConfig): OptimizerSettings {
  const fields = optimizer as Readonly<Record<string, unknown>> & OptimizerConfig;
  const known = OPTIMIZER_SPECIALS.filter((name) => FIELDS[name] in optimizer);
  return {
    optimizer: optimizer.name,
    ...Object.fromEntries(known.map((name) => [name, fields[FIELDS[name]]])),
  };
}
