/** @file Names that tie the inputs and outputs of a training step together. */

/** The output that holds the value of state `name` after the step. */
export const nextName = (name: string): string => `${name}.next`;

/** The input that holds the optimizer's velocity for parameter `name`. */
export const momentumName = (name: string): string => `${name}.momentum`;
