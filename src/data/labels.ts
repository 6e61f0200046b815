/** @file From labels as a data set writes them, numbers or names, to numbers and their names. */

import { DataError } from "../errors.js";
import { compareNaturally } from "./naturalOrder.js";

export interface NumberedLabels {
  readonly labels: Int32Array | null; // [rows], into classNames; null: the pictures have none
  readonly classNames: readonly string[]; // empty where labels is null
}

/** Whole numbers up to here number the classes themselves; larger ones are names that look like numbers. */
const MOST_CLASSES = 100_000;

const isClassNumber = (label: string): boolean => /^(0|[1-9]\d{0,5})$/.test(label) && +label < MOST_CLASSES;

/** Classes that are their own numbers: 0, 1, ... */
export function numberedClasses(count: number): string[] {
  return Array.from({ length: count }, (_, label) => String(label));
}

/**
 * Numbers stay as they are, with "0", "1", ... for names. Names are numbered in natural order, or as in `known`.
 * @param found a label per row as text; null where a row has none
 * @param known the classes, when another part of the data or the data itself has settled them
 * @param where names the data in errors
 * @throws DataError if some rows have labels and some have none, or for a class that is not known
 */
export function numberLabels(
  found: readonly (string | null)[],
  known: readonly string[] | null,
  where: string,
): NumberedLabels {
  const missing = found.reduce((count, label) => count + (label === null ? 1 : 0), 0);
  if (missing === found.length) return { labels: null, classNames: [] };
  if (missing > 0) {
    throw new DataError(
      `${where}: found ${missing} of ${found.length} pictures without a label, expected one for each or none at all; ` +
        `complete the labels or take them all out`,
    );
  }
  const distinct = new Set(found as readonly string[]);
  const inOrder = known?.every((name, label) => name === String(label)) ?? true;
  if (inOrder && [...distinct].every(isClassNumber)) {
    const labels = Int32Array.from(found, Number);
    const largest = labels.reduce((most, label) => Math.max(most, label), 0);
    return { labels, classNames: numberedClasses(Math.max(largest + 1, known?.length ?? 0)) };
  }
  const classNames = known ?? [...distinct].sort(compareNaturally);
  return { labels: lookUp(found as readonly string[], classNames, where), classNames };
}

/** @throws DataError for a name that is not among the classes */
export function lookUp(found: readonly string[], classNames: readonly string[], where: string): Int32Array {
  const numbers = new Map(classNames.map((name, label) => [name, label]));
  const strangers = new Set(found.filter((name) => !numbers.has(name)));
  if (strangers.size > 0) {
    throw new DataError(
      `${where}: found classes ${[...strangers].slice(0, 5).join(", ")}${strangers.size > 5 ? ", ..." : ""}, expected ` +
        `only the training classes (${classNames.slice(0, 10).join(", ") || "none: the training pictures have no labels"}` +
        `${classNames.length > 10 ? ", ..." : ""}); rename or remove what does not match`,
    );
  }
  return Int32Array.from(found, (name) => numbers.get(name)!);
}
