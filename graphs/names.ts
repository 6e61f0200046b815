/** @file Names that tie the inputs and outputs of a training step together. */

/** The output that holds the value of state `name` after the step. */
export const nextName = (name: string): string => `${name}.next`;

/** The input that holds the optimizer's velocity for parameter `name`. */
export const momentumName = (name: string): string => `${name}.momentum`;

/** The input that holds the noise of a network's dropout layer, counted from 0. */
export const dropoutNoiseName = (ordinal: number): string => `dropout_noise.${ordinal}`;

/** True for the inputs that dropoutNoiseName names. */
export const isDropoutNoise = (name: string): boolean => /^dropout_noise\.\d+$/.test(name);
