/** @file The options that say how gradients become steps, shared by build-graph and train. */

import type { Options } from "yargs";
import { OPTIMIZERS, type OptimizerConfig } from "../../graphs/index.js";
import { OPTIMIZER_DEFAULTS } from "../build/optimizer.js";
import { UsageError } from "../errors.js";
import { optionName, optionsOf } from "./option.js";

const { sgd, adamw, lars } = OPTIMIZER_DEFAULTS;
const { number, choice, flag } = optionsOf("Optimizer:");

export const OPTIMIZER_OPTIONS = {
  optimizer: choice("how gradients become steps", OPTIMIZERS, "sgd"),
  momentum: number("of sgd and lars", sgd.momentum),
  nesterov: flag("sgd looks ahead", sgd.nesterov),
  "weight-decay": number("pull towards zero", `sgd, lars: ${sgd.weightDecay}; adamw: ${adamw.weightDecay}`),
  "decay-norm-and-bias": flag("biases and normalizations decay too; never with lars", sgd.decayNormAndBias),
  beta1: number("adamw's average of gradients", adamw.beta1),
  beta2: number("adamw's average of squares", adamw.beta2),
  "adam-epsilon": number("adamw's floor of the divisor", adamw.epsilon),
  "trust-coefficient": number("length of a lars step, as a share of the weights'", lars.trustCoefficient),
} as const satisfies Readonly<Record<string, Options>>;

/** Parsed values of the options above, in yargs' camel case. */
export interface OptimizerArguments {
  readonly optimizer?: string | undefined;
  readonly momentum?: number | undefined;
  readonly nesterov?: boolean | undefined;
  readonly weightDecay?: number | undefined;
  readonly decayNormAndBias?: boolean | undefined;
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly adamEpsilon?: number | undefined;
  readonly trustCoefficient?: number | undefined;
}

/** Each option, and the setting it gives. */
const SETTINGS: { readonly [K in keyof Omit<OptimizerArguments, "optimizer">]-?: string } = {
  momentum: "momentum",
  nesterov: "nesterov",
  weightDecay: "weightDecay",
  decayNormAndBias: "decayNormAndBias",
  beta1: "beta1",
  beta2: "beta2",
  adamEpsilon: "epsilon",
  trustCoefficient: "trustCoefficient",
};

/**
 * What was given, over `preset`.
 * @throws UsageError when an option means nothing to the optimizer
 */
export function optimizerOf(given: OptimizerArguments, preset: OptimizerConfig): OptimizerConfig {
  const name = (given.optimizer ?? preset.name) as OptimizerConfig["name"];
  const base: OptimizerConfig = preset.name === name ? preset : OPTIMIZER_DEFAULTS[name];
  const settings = Object.entries(SETTINGS).flatMap(([key, setting]) => {
    const value = given[key as keyof OptimizerArguments];
    return value === undefined ? [] : [{ key, setting, value }];
  });
  const faults = settings
    .filter(({ setting }) => !(setting in base))
    .map(({ key }) => `--${optionName(key)}`);
  if (faults.length > 0)
    throw new UsageError(`the optimizer is ${name}: ${faults.join(", ")} mean nothing to it; leave them out`);
  return { ...base, ...Object.fromEntries(settings.map(({ setting, value }) => [setting, value])) };
}
