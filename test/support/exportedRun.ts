/** @file The suite's run as an exported folder, written once for all suites that need one. */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportEncoder, type ExportSummary } from "../../src/export/exportEncoder.js";
import { suiteRun } from "./trainedRun.js";

/** Name of the exported folder. */
export const EXPORTED = "my-encoder";

let written: Promise<ExportSummary> | null = null;

async function write(run: string): Promise<ExportSummary> {
  const parent = mkdtempSync(join(realpathSync(tmpdir()), "instdisc-export-"));
  process.on("exit", () => rmSync(parent, { recursive: true, force: true }));
  return exportEncoder({ model: run, out: join(parent, EXPORTED), license: "mit", author: "A. Nonymous" });
}

export interface SuiteExport {
  /** The run it is from; never write into it. */
  readonly run: string;
  /** The exported folder; never write into it. */
  readonly folder: string;
  readonly summary: ExportSummary;
}

/** Exports before the tests of the current suite, or takes what an earlier suite exported. */
export function suiteExport(): () => SuiteExport {
  const trained = suiteRun();
  let found: SuiteExport | null = null;
  before(async () => {
    const { run } = trained();
    const summary = await (written ??= write(run));
    found = { run, folder: summary.out, summary };
  });
  return () => found!;
}
