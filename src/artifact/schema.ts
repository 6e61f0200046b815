/** @file Checks JSON that comes from a file against a schema, and says what is wrong with it. */

import * as z from "zod";
import { ArtifactError } from "../errors.js";

const FOUND_LENGTH = 60;

/** What was read is not to be changed. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** @throws ArtifactError when `text` is not JSON */
export function parseJson(text: string, where: string, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ArtifactError(`${where}: is not JSON (${(error as Error).message}); ${remedy}`, {
      cause: error,
    });
  }
}

/** @throws ArtifactError listing every fault: path, what was found, what was expected */
export function checkSchema<S extends z.ZodType>(
  schema: S,
  data: unknown,
  where: string,
  remedy: string,
): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => describe(issue, data));
  throw new ArtifactError(`${where}: ${faults.join("; ")}; ${remedy}`);
}

function describe(issue: z.core.$ZodIssue, data: unknown): string {
  const path = issue.path.map(String);
  const here = path.length === 0 ? "the whole" : showPath(path);
  if (issue.code === "unrecognized_keys") {
    return `${here} has ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}, expected no such key`;
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0]?.message ?? issue.message;
    return `${showPath(path.slice(0, -1))} has ${JSON.stringify(path.at(-1))}, ${expected}`;
  }
  const value = path.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    data,
  );
  const found = value === undefined ? "missing" : JSON.stringify(value);
  const short = found.length > FOUND_LENGTH ? `${found.slice(0, FOUND_LENGTH)}…` : found;
  return `${here} is ${short}, ${expectation(issue)}`;
}

/** recipe.optimizer.name, tensors[3].dtype */
function showPath(path: readonly string[]): string {
  return path.map((key, at) => (/^\d+$/.test(key) ? `[${key}]` : at === 0 ? key : `.${key}`)).join("");
}

/** zod's messages read "Problem: expected this, received that"; what was received we say ourselves. */
function expectation({ message }: z.core.$ZodIssue): string {
  return message
    .replace(/^[^:]*: (?=expected|must)/, "")
    .replace(/, received .*$/, "")
    .replace("expected int", "expected a whole number")
    .replace("expected record", "expected object");
}
