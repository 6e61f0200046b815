/** @file The kinds of settings: texts, switches, names, and numbers with their ranges. */

import type { JsonSchema, Kind } from "./setting.js";

export const text: Kind<string> = {
  expected: "a text",
  schema: { type: "string", minLength: 1 },
  typed: "string",
  read: (value) => (typeof value === "string" && value !== "" ? value : null),
};

export const flag: Kind<boolean> = {
  expected: "true or false",
  schema: { type: "boolean" },
  typed: "boolean",
  read: (value) => (typeof value === "boolean" ? value : null),
};

export function choice<const Name extends string>(names: readonly Name[]): Kind<Name> {
  return {
    expected: `one of ${names.join(", ")}`,
    schema: { enum: names },
    typed: "string",
    choices: names,
    read: (value) => names.find((name) => name === value) ?? null,
  };
}

function numberKind(expected: string, schema: JsonSchema, fits: (value: number) => boolean): Kind<number> {
  return {
    expected,
    schema: { type: "number", ...schema },
    typed: "number",
    read: (value) => (typeof value === "number" && Number.isFinite(value) && fits(value) ? value : null),
  };
}

export const anyNumber = numberKind("a number", {}, () => true);

export const above = (low: number): Kind<number> =>
  numberKind(`a number above ${low}`, { exclusiveMinimum: low }, (value) => value > low);

export const atLeast = (low: number): Kind<number> =>
  numberKind(`a number of at least ${low}`, { minimum: low }, (value) => value >= low);

export const within = (low: number, high: number): Kind<number> =>
  numberKind(
    `a number from ${low} to ${high}`,
    { minimum: low, maximum: high },
    (value) => value >= low && value <= high,
  );

/** (0, 1] */
export const positiveShare = numberKind(
  "a number above 0 and up to 1",
  { exclusiveMinimum: 0, maximum: 1 },
  (value) => value > 0 && value <= 1,
);

/** [0, 1) */
export const fraction = numberKind(
  "a number from 0 to below 1",
  { minimum: 0, exclusiveMaximum: 1 },
  (value) => value >= 0 && value < 1,
);

export function whole(least: number, most?: number): Kind<number> {
  const expected =
    most === undefined ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`;
  const schema = { type: "integer", minimum: least, ...(most === undefined ? {} : { maximum: most }) };
  return numberKind(
    expected,
    schema,
    (value) => Number.isSafeInteger(value) && value >= least && value <= (most ?? Infinity),
  );
}

export interface NumbersOptions {
  readonly expected: string;
  readonly each: Kind<number>;
  readonly least: number;
  readonly most: number;
  /** None is smaller than the one before it. */
  readonly rising: boolean;
}

/** A list; a number alone is a list of one. */
export function numbers({ expected, each, least, most, rising }: NumbersOptions): Kind<readonly number[]> {
  const limits = { minItems: least, ...(most < Infinity ? { maxItems: most } : {}) };
  const list = { type: "array", items: each.schema, ...limits };
  return {
    expected,
    schema: least === 1 ? { anyOf: [each.schema, list] } : list,
    typed: "numbers",
    read(value) {
      const items: readonly unknown[] = Array.isArray(value) ? value : [value];
      const read = items.map((item) => each.read(item)).filter((item) => item !== null);
      const fits = read.length === items.length && read.length >= least && read.length <= most;
      const sorted = !rising || read.every((item, at) => at === 0 || item >= read[at - 1]!);
      return fits && sorted ? read : null;
    },
  };
}
