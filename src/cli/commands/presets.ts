/** @file onnx-instdisc presets: lists settings that belong together. */

import type { Argv } from "yargs";
import { PRESETS } from "../../config/presets.js";
import { PRESET_NAMES, settingEntries, type PresetName } from "../../config/settings.js";
import { table } from "../format.js";
import type { Io } from "../io.js";
import { showValue } from "../presetText.js";

interface PresetsArguments {
  readonly name?: PresetName | undefined;
  readonly json: boolean;
}

export function presetsCommand(parser: Argv, io: Io): void {
  parser.command(
    "presets [name]",
    "List settings that belong together, for train --preset",
    (command) =>
      command
        .positional("name", { choices: PRESET_NAMES, describe: "one of them, with every value it sets" })
        .options({ json: { type: "boolean", default: false, describe: "print as JSON" } } as const)
        .example("$0 presets cifar10", "what the authors' code does"),
    (parsed) => {
      const { name, json } = parsed as unknown as PresetsArguments;
      if (json) io.stdout.write(`${JSON.stringify(name === undefined ? PRESETS : PRESETS[name])}\n`);
      else io.stdout.write(name === undefined ? listAll() : describeOne(name));
    },
  );
}

function listAll(): string {
  const rows = PRESET_NAMES.map((name) => [name, PRESETS[name].source]);
  const next = "Next: onnx-instdisc presets NAME shows what one sets; train --preset NAME takes it.";
  return `${table([["preset", "whose edition"], ...rows], "left")}\n${next}\n`;
}

function describeOne(name: PresetName): string {
  const { source, about, settings } = PRESETS[name];
  const rows = settingEntries(settings).map(([setting, value]) => [setting, showValue(value)]);
  return `${name}: ${about}\nSource: ${source}.\n\n${table(rows, "left")}`;
}
