/** @file Tells runs and indexes from pictures, before anything is opened. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { INDEX_FILE } from "../artifact/searchIndex.js";
import { RUN } from "../run/layout.js";

/** true: `path` is a run folder or an index folder, whole or damaged. */
export function namesIndex(path: string): boolean {
  return [RUN.config, INDEX_FILE].some((name) => existsSync(join(path, name)));
}
