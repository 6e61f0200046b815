/** @file Options of the command line from a table of settings, and what was given of them. */

import type { Options } from "yargs";
import { readSettings } from "../config/read.js";
import type { Setting } from "../config/setting.js";
import { UsageError } from "../errors.js";

type Table = Readonly<Record<string, Setting>>;

/** None has a yargs default: one that was not given leaves what a config file or a preset says. */
export function optionsOf(
  table: Table,
  shown: (name: string, setting: Setting) => string | undefined = (_, setting) => shownDefault(setting),
): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(table).map(([name, setting]) => {
      const { kind, describe, group } = setting;
      const defaultDescription = shown(name, setting);
      const option: Options = {
        type: kind.typed === "numbers" ? "string" : kind.typed,
        describe,
        group,
        ...(kind.choices ? { choices: kind.choices } : {}),
        ...(kind.typed === "boolean" ? {} : { requiresArg: true }),
        ...(defaultDescription === undefined ? {} : { defaultDescription }),
      };
      return [name, option];
    }),
  );
}

export function shownDefault({ shown, fallback }: Setting): string | undefined {
  return shown ?? (fallback === undefined ? undefined : String(fallback));
}

/**
 * The settings among parsed options.
 * @throws UsageError listing every one that is out of range
 */
export function givenSettings(
  command: string,
  parsed: Readonly<Record<string, unknown>>,
  table: Table,
): Readonly<Record<string, unknown>> {
  checkNumbers(parsed);
  const given = Object.keys(table)
    .filter((name) => parsed[name] !== undefined)
    .map((name) => [name, table[name]!.kind.typed === "numbers" ? listOf(parsed[name]) : parsed[name]]);
  const { settings, faults } = readSettings(
    Object.fromEntries(given) as Record<string, unknown>,
    table,
    (name) => `--${name}`,
  );
  if (faults.length > 0) throw new UsageError(`${command}: ${faults.join("; ")}; correct these options`);
  return settings;
}

/** "120,160" as numbers; a text that is no such list stays what it is. */
function listOf(text: unknown): unknown {
  if (typeof text !== "string" || text.trim() === "") return text;
  const items = text.split(",").map((item) => (item.trim() === "" ? NaN : Number(item)));
  if (items.some(Number.isNaN)) return text;
  return items.length === 1 ? items[0] : items;
}

/** @throws UsageError when a number was given as something else, such as "--width wide", or an option twice */
export function checkNumbers(parsed: object): void {
  // yargs gives "--batch-size" also as batchSize: each once.
  const own = Object.entries(parsed).filter(([name]) => !/[A-Z]/.test(name));
  const faults = own.filter(([, value]) => Number.isNaN(value)).map(([name]) => name);
  if (faults.length > 0) throw new UsageError(`--${faults.join(", --")}: expected a number`);
  const repeated = own.filter(([name, value]) => Array.isArray(value) && name !== "_").map(([name]) => name);
  if (repeated.length > 0)
    throw new UsageError(`--${repeated.join(", --")}: given more than once, expected once`);
}
