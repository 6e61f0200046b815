/** @file The JSON schema that the package ships for editors. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { printSchema } from "../../src/config/schema.js";
import { SETTING_NAMES } from "../../src/config/settings.js";
import { ROOT } from "../support/sources.js";

const FILE = join(ROOT, "src/config/settings.schema.json");

describe("settings.schema.json", () => {
  it("is what the table of settings says; node dist/tools/makeConfigSchema.js writes it anew", () => {
    assert.equal(readFileSync(FILE, "utf8"), printSchema());
  });

  it("has every setting, with a kind and a description, and allows no other", () => {
    const schema = JSON.parse(readFileSync(FILE, "utf8")) as {
      readonly additionalProperties: boolean;
      readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    assert.deepEqual(Object.keys(schema.properties), ["$schema", ...SETTING_NAMES]);
    assert.equal(schema.additionalProperties, false);
    for (const name of SETTING_NAMES) {
      const property = schema.properties[name]!;
      assert.ok("type" in property || "enum" in property || "anyOf" in property, name);
      assert.equal(typeof property["description"], "string", name);
    }
    assert.deepEqual(schema.properties["batch-size"], {
      description: "pictures in a batch (default: 128)",
      type: "integer",
      minimum: 2,
    });
    assert.deepEqual(schema.properties["mean"]?.["maxItems"], 3);
  });
});
