/**
 * @file Writes the JSON schema of config files, src/config/settings.schema.json.
 *
 *     node dist/tools/makeConfigSchema.js
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { printSchema } from "../src/config/schema.js";

// Compiled, this file is dist/tools/makeConfigSchema.js.
writeFileSync(join(import.meta.dirname, "../../src/config/settings.schema.json"), printSchema());
