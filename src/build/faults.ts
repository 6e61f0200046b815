/** @file What is wrong with an option, in words; nothing where it is right. */

export type Faults = readonly string[];

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

export const choice = (name: string, found: string, allowed: readonly string[]): Faults =>
  allowed.includes(found) ? [] : [`${name} is "${found}", expected one of ${allowed.join(", ")}`];

export const range = (
  name: string,
  found: number,
  holds: (value: number) => boolean,
  expected: string,
): Faults => (holds(found) ? [] : [`${name} is ${found}, expected ${expected}`]);

export const count = (name: string, found: number, least = 1): Faults =>
  range(name, found, (value) => isCount(value) && value >= least, `a whole number of at least ${least}`);

export const aboveZero = (name: string, found: number): Faults =>
  range(name, found, (value) => value > 0 && value < Infinity, "a number above 0");

export const atLeastZero = (name: string, found: number): Faults =>
  range(name, found, (value) => value >= 0 && value < Infinity, "a number of at least 0");

/** [0, 1) */
export const fraction = (name: string, found: number): Faults =>
  range(name, found, (value) => value >= 0 && value < 1, "a number in [0, 1)");
