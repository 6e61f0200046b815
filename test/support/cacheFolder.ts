/** @file What tests remember of this machine, apart from what its user does. */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | null = null;

/** One for all suites of the process, gone when it ends. */
export function cacheFolder(): string {
  if (folder !== null) return folder;
  const made = mkdtempSync(join(realpathSync(tmpdir()), "instdisc-cache-"));
  process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  return (folder = made);
}

/** Lets the code under test find it as well, while the current suite runs. */
export function suiteCache(): void {
  const own = process.env["INSTDISC_CACHE"];
  before(() => void (process.env["INSTDISC_CACHE"] = cacheFolder()));
  after(() => {
    if (own === undefined) delete process.env["INSTDISC_CACHE"];
    else process.env["INSTDISC_CACHE"] = own;
  });
}
