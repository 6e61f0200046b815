/** @file report.html of a run: made from the files of its folder, at any time during the run or after it. */

import { join } from "node:path";
import { atomicWrite } from "../artifact/node.js";
import { RUN } from "../run/layout.js";
import { drawCurves } from "./curves.js";
import { printPage } from "./page.js";
import { readRun } from "./runRecords.js";
import { readStrips } from "./strips.js";

/**
 * @param file of the page; by default report.html in the folder
 * @returns its path
 * @throws ArtifactError when the folder is not that of a run, or the file cannot be written
 */
export async function writeReport(folder: string, file = join(folder, RUN.report)): Promise<string> {
  const run = await readRun(folder);
  const page = printPage(run, await drawCurves(run), await readStrips(run));
  await atomicWrite(file, new TextEncoder().encode(page));
  return file;
}
