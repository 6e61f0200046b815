/** @file A config file: JSON or YAML, flat, its keys the names of options. */

import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parseDocument } from "yaml";
import { UsageError } from "../errors.js";
import { readSettings } from "./read.js";
import { SETTINGS, type Settings } from "./settings.js";

/** Editors look here for the schema of a file. */
const SCHEMA_KEY = "$schema";

/** @throws UsageError when the file cannot be read, or listing everything in it that is no setting or of a wrong kind */
export async function readConfig(path: string): Promise<Settings> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `--config ${path}: cannot be read (${error.code}), expected a .json or .yaml file of settings; correct the path`,
      { cause: error },
    );
  });
  return parseConfig(text, path);
}

/**
 * @param where the file; its extension says what it is written in
 * @throws UsageError listing everything in it that is no setting or of a wrong kind
 */
export function parseConfig(text: string, where: string): Settings {
  const content = parse(text, where);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(
      `${where}: is ${content === null ? "empty" : "no mapping"}, expected settings by name, such as "lr": 0.03; correct the file`,
    );
  }
  const given = Object.fromEntries(Object.entries(content).filter(([key]) => key !== SCHEMA_KEY));
  const { settings, faults } = readSettings(given, SETTINGS, (name) => name);
  if (faults.length > 0) throw new UsageError(`${where}: ${faults.join("; ")}; correct the file`);
  return settings;
}

function parse(text: string, where: string): unknown {
  const extension = extname(where).toLowerCase();
  if (extension === ".json") {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw new UsageError(`${where}: is not JSON (${(error as Error).message}); correct the file`, {
        cause: error,
      });
    }
  }
  if (extension !== ".yaml" && extension !== ".yml") {
    throw new UsageError(
      `${where}: ends in "${extension}", expected .json, .yaml or .yml; rename or convert the file`,
    );
  }
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem === undefined) return document.toJS() as unknown;
  const [line] = problem.message.split("\n");
  throw new UsageError(`${where}: is not YAML (${line!.replace(/:$/, "")}); correct the file`, {
    cause: problem,
  });
}
