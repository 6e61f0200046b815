/** @file How options are declared and named. None has a yargs default: one that was not given leaves the preset's value. */

import type { Options } from "yargs";

/** Makers of options under one heading of `--help`; `shown` is the default as the help tells it. */
export function optionsOf(group: string) {
  const option = (describe: string, shown: string | number | boolean) => ({
    describe,
    defaultDescription: String(shown),
    group,
  });
  return {
    number: (describe: string, shown: string | number): Options => ({
      ...option(describe, shown),
      type: "number",
      requiresArg: true,
    }),
    choice: (describe: string, choices: readonly string[], shown: string): Options => ({
      ...option(describe, shown),
      choices,
      requiresArg: true,
    }),
    flag: (describe: string, shown: boolean): Options => ({ ...option(describe, shown), type: "boolean" }),
  };
}

/** "batchSize" as it is typed: "batch-size". */
export const optionName = (camel: string): string =>
  camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
