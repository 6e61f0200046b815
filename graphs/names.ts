/** @file Names that tie the inputs and outputs of a training step together. */

/** The output that holds the value of state `name` after the step. */
export const nextName = (name: string): string => `${name}.next`;

/** The input that holds the optimizer's velocity for parameter `name`. */
export const momentumName = (name: string): string => `${name}.momentum`;

/** The input that holds the sum of a step's gradients so far for parameter `name`. */
export const accumulatedName = (name: string): string => `${name}.accumulated`;

/** The input that holds the noise of a network's dropout layer, counted from 0. */
export const dropoutNoiseName = (ordinal: number): string => `dropout_noise.${ordinal}`;

/** True for the inputs that dropoutNoiseName names. */
export const isDropoutNoise = (name: string): boolean => /^dropout_noise\.\d+$/.test(name);

/** AdamW's moving averages of the gradient and of its square for parameter `name`; PyTorch's names. */
export const averageName = (name: string): string => `${name}.exp_avg`;
export const squareName = (name: string): string => `${name}.exp_avg_sq`;

/** AdamW's bias corrections 1 - β₁ᵗ and 1 - β₂ᵗ, []: state of the optimizer as a whole. */
export const CORRECTION_NAMES = ["optimizer.bias_correction1", "optimizer.bias_correction2"] as const;

/** Whether `name` is a sum of gradients over parameters of the given names. */
export function isAccumulator(name: string, parameters: Iterable<string>): boolean {
  return [...parameters].some((owner) => accumulatedName(owner) === name);
}

/** Whether `name` is state of an optimizer over parameters of the given names. */
export function isOptimizerState(name: string, parameters: Iterable<string>): boolean {
  if (CORRECTION_NAMES.some((correction) => correction === name)) return true;
  return [...parameters].some((owner) =>
    [momentumName(owner), averageName(owner), squareName(owner)].includes(name),
  );
}
