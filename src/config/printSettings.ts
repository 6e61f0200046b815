/** @file Settings as the text of a config file. Nothing here imports Node. */

import { settingEntries, type Settings } from "./settings.js";

/** JSON, a setting a line. */
export function printSettings(settings: Settings): string {
  const lines = settingEntries(settings).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `{\n${lines.join(",\n")}\n}\n`;
}
