/** @file A folder for a suite, gone when it ends. */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a temporary folder before the tests of the current suite. @returns a function that gives its path */
export function suiteFolder(): () => string {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), "instdisc-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}
