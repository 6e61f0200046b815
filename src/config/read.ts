/** @file Turns what a user wrote, in options or a file, into settings, or says everything that is wrong with it. */

import type { Setting } from "./setting.js";
import { SETTINGS } from "./settings.js";

const FOUND_LENGTH = 60;

export interface ReadSettings {
  readonly settings: Readonly<Record<string, unknown>>;
  /** "lr is "fast", expected a number above 0" */
  readonly faults: readonly string[];
}

/** @param shown how a setting's name is written, such as "--lr" */
export function readSettings(
  given: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, Setting>>,
  shown: (name: string) => string,
): ReadSettings {
  const faults: string[] = [];
  const settings = Object.entries(given).flatMap(([name, value]) => {
    if (!Object.hasOwn(table, name)) {
      faults.push(`${shown(name)} is no setting, did you mean ${shown(nearest(name, Object.keys(table)))}?`);
      return [];
    }
    const { kind } = table[name]!;
    const read = kind.read(value);
    if (read === null) faults.push(`${shown(name)} is ${show(value)}, expected ${kind.expected}`);
    return read === null ? [] : [[name, read]];
  });
  return { settings: Object.fromEntries(settings) as Readonly<Record<string, unknown>>, faults };
}

function show(value: unknown): string {
  // JSON has no word for numbers that are none.
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > FOUND_LENGTH ? `${text.slice(0, FOUND_LENGTH)}…` : text;
}

/** The known name that takes the fewest edits to reach; capitals and underscores count for nothing. */
export function nearest(name: string, known: readonly string[] = Object.keys(SETTINGS)): string {
  const kebab = name
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
  const distances = known.map((other) => edits(kebab, other));
  return known[distances.indexOf(Math.min(...distances))]!;
}

/** Insertions, deletions and replacements from one word to the other. Source: Levenshtein 1966; Wagner and Fischer 1974. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...from].entries()) {
    const next = [at + 1];
    for (let column = 1; column <= to.length; column++) {
      const replaced = row[column - 1]! + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(row[column]! + 1, next[column - 1]! + 1, replaced));
    }
    row = next;
  }
  return row[to.length]!;
}
