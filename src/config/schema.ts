/** @file The JSON schema of a config file, for editors: made from the table of settings. */

import type { JsonSchema, Setting } from "./setting.js";
import { SETTINGS } from "./settings.js";

export function configSchema(): JsonSchema {
  const properties = Object.entries<Setting>(SETTINGS).map(([name, { kind, describe, shown, fallback }]) => [
    name,
    {
      description: shown === undefined ? describe : `${describe} (default: ${shown})`,
      ...kind.schema,
      ...(fallback === undefined ? {} : { default: fallback }),
    },
  ]);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "onnx-instdisc train --config",
    type: "object",
    properties: { $schema: { type: "string" }, ...Object.fromEntries(properties) },
    additionalProperties: false,
  };
}

export function printSchema(): string {
  return `${JSON.stringify(configSchema(), null, 2)}\n`;
}
